//! The name of a class, wherever one is written.

use toml::Spanned;

use crate::diagnostics::{Diagnostic, nearest, shown};
use crate::model::class::InstanceClass;

/// The class of that name; reports one that RDS for PostgreSQL does not offer.
pub(super) fn read(name: &Spanned<&str>, problems: &mut Vec<Diagnostic>) -> Option<InstanceClass> {
    let class = InstanceClass::known(name.get_ref());
    if class.is_none() {
        let title = format!("unknown class `{}`", shown(name.get_ref()));
        let problem = Diagnostic::new(name.span(), title, "RDS for PostgreSQL has no such class");
        problems.push(problem.help(match nearest(name.get_ref(), InstanceClass::all_known()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "a class such as `db.m5.large`".to_owned(),
        }));
    }
    class
}
