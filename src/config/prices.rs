//! `[database.prices]`: what classes cost, where the bundled table does not know it or somebody pays another price.

use std::collections::BTreeMap;

use super::class;
use super::section::Section;
use crate::diagnostics::Diagnostic;
use crate::model::class::InstanceClass;

/// No class of RDS costs as much in an hour.
const MOST_USD: f64 = 1_000.0;

/// US dollars per hour, Single-AZ, by class.
pub(super) fn read(database: &Section<'_>, problems: &mut Vec<Diagnostic>) -> BTreeMap<InstanceClass, f64> {
    let mut prices = BTreeMap::new();
    for (name, price) in database.numbers("prices", "\"db.r6g.large\" = 0.225: US dollars per hour by class", problems)
    {
        let Some(class) = class::read(&name, problems) else { continue };
        if *price.get_ref() > MOST_USD {
            let problem = Diagnostic::new(price.span(), format!("the price of `{class}` is out of range"), "per hour?");
            problems.push(problem.help("US dollars per hour, Single-AZ, such as 0.225"));
        }
        prices.insert(class, *price.get_ref());
    }
    prices
}
