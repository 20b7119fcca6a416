//! The name of a class, wherever one is written.

use toml::Spanned;

use crate::model::class::InstanceClass;
use crate::model::file::{Problem, nearest, shown};

/// The class of that name; reports one that RDS for PostgreSQL does not offer.
pub(super) fn read(name: &Spanned<&str>, problems: &mut Vec<Problem>) -> Option<InstanceClass> {
    let class = InstanceClass::known(name.get_ref());
    if class.is_none() {
        let title = format!("unknown class `{}`", shown(name.get_ref()));
        let problem = Problem::new(name.span(), title, "RDS for PostgreSQL has no such class");
        problems.push(problem.help(match nearest(name.get_ref(), InstanceClass::all_known()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "a class such as `db.m5.large`".to_owned(),
        }));
    }
    class
}
