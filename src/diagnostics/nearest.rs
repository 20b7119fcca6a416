//! The nearest known word to one that is not known.

/// Below this Jaro-Winkler similarity a suggestion confuses more than it helps.
const ALIKE: f64 = 0.75;

/// The known word most like `word`, the first of equals, if any is alike at all.
pub(crate) fn nearest(word: &str, known: impl IntoIterator<Item = impl Into<String>>) -> Option<String> {
    let mut best: Option<(f64, String)> = None;
    for candidate in known {
        let candidate = candidate.into();
        let score = strsim::jaro_winkler(word, &candidate);
        if score >= ALIKE && best.as_ref().is_none_or(|(highest, _)| score > *highest) {
            best = Some((score, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// `did you mean …?` where one is alike, and all that are known.
pub(crate) fn suggestion(word: &str, what: &str, known: &[&str]) -> String {
    let all = format!("{what}: {}", known.join(", "));
    match nearest(word, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`? {all}"),
        None => all,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::class::InstanceClass;

    #[test]
    fn slips_of_the_hand_find_their_word_and_others_none() {
        assert_eq!(nearest("m5.large", InstanceClass::all_known()).as_deref(), Some("db.m5.large"));
        assert_eq!(nearest("db.m5.lagre", InstanceClass::all_known()).as_deref(), Some("db.m5.large"));
        assert_eq!(nearest("laddr", ["id", "ladder", "up"]).as_deref(), Some("ladder"));
        assert_eq!(nearest("zzz", ["id", "ladder", "up"]), None);
    }
}
