//! Striking out what looks like a secret in a text that quotes what a person wrote: a password has no place on a command
//! line or in a configuration, and one that stands there all the same must not go on into a log or onto a screen.

use std::borrow::Cow;
use std::ops::Range;

/// A key with one of these in its name has a secret for its value: also where it is misspelt.
const TELLING: [&str; 4] = ["pas", "pw", "secret", "token"];
/// Of those, what says where the secret is.
const PLACE: &str = "file";
/// Values that say where the password comes from.
const SOURCES: [&str; 2] = ["environment", "iam"];

/// `text` of the same length in bytes, with `*` for each byte of the password in a URL and of the value behind `=` of a
/// key that is named like a password, secret or token. Without a quote around it, that value lasts until its line ends.
pub fn struck(text: &str) -> Cow<'_, str> {
    let secrets: Vec<Range<usize>> = in_urls(text).into_iter().chain(of_keys(text)).collect();
    if secrets.is_empty() {
        return Cow::Borrowed(text);
    }
    let is_secret = |at: usize| secrets.iter().any(|secret| secret.contains(&at));
    let mut out = String::with_capacity(text.len());
    for (at, char) in text.char_indices() {
        if is_secret(at) && char != '\n' {
            out.extend(std::iter::repeat_n('*', char.len_utf8()));
        } else {
            out.push(char);
        }
    }
    Cow::Owned(out)
}

/// `scheme://user:SECRET@host`. What stands in quotes may have spaces in it.
fn in_urls(text: &str) -> Vec<Range<usize>> {
    let one = |(at, separator): (usize, &str)| {
        let from = at + separator.len();
        let before = text[..at].trim_end_matches(|char: char| char.is_ascii_alphanumeric()).chars().next_back();
        let ends = |char: char| match before {
            Some(quote @ ('\'' | '"' | '`')) => char == quote || char == '\n',
            _ => char.is_whitespace() || matches!(char, '\'' | '"' | '`'),
        };
        let rest = &text[from..];
        let authority = &rest[..rest.find(ends).unwrap_or(rest.len())];
        let (user, host) = (authority.find(':')?, authority.rfind('@')?);
        (user < host).then(|| from + user + 1..from + host)
    };
    text.match_indices("://").filter_map(one).collect()
}

/// `key = SECRET`.
fn of_keys(text: &str) -> Vec<Range<usize>> {
    let one = |(at, _): (usize, &str)| {
        let is_of_key = |char: char| char.is_ascii_alphanumeric() || matches!(char, '_' | '-');
        let before = text[..at].trim_end_matches([' ', '\t']).trim_end_matches(['"', '\'']);
        let key = &before[before.trim_end_matches(is_of_key).len()..];
        let key = key.to_ascii_lowercase();
        if key.ends_with(PLACE) || !TELLING.iter().any(|word| key.contains(word)) {
            return None;
        }
        let rest = text[at + 1..].trim_start_matches([' ', '\t']);
        let from = text.len() - text[at + 1..].len() + (text[at + 1..].len() - rest.len());
        let length = value_length(rest);
        let value = rest[..length].trim_matches(['"', '\'']);
        (!SOURCES.contains(&value)).then_some(from..from + length)
    };
    text.match_indices('=').filter_map(one).collect()
}

/// Of the value that `rest` begins with.
fn value_length(rest: &str) -> usize {
    for fence in ["\"\"\"", "'''"] {
        if let Some(inner) = rest.strip_prefix(fence) {
            return inner.find(fence).map_or(rest.len(), |length| length + 2 * fence.len());
        }
    }
    let line = rest.find('\n').unwrap_or(rest.len());
    let Some(quote) = rest.chars().next().filter(|char| matches!(char, '"' | '\'')) else { return line };
    let mut is_escaped = true;
    let closing = rest[..line].char_indices().find(|(_, char)| {
        let closes = *char == quote && !is_escaped;
        is_escaped = *char == '\\' && !is_escaped;
        closes
    });
    closing.map_or(line, |(at, _)| at + 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_looks_like_a_secret_is_struck_out_and_nothing_else() {
        for (text, shown) in [
            ("unexpected 'postgres://a:s3c/r@t@h:1/b' found", "unexpected 'postgres://a:*******@h:1/b' found"),
            ("'postgres://a:s3 cret@h' x", "'postgres://a:*******@h' x"),
            ("postgres://a:é@h", "postgres://a:**@h"),
            ("https://127.0.0.1:4566/x and a@h", "https://127.0.0.1:4566/x and a@h"),
            ("postgres://a@h:5432/b", "postgres://a@h:5432/b"),
            ("host=h password=s3c ret\nport=1", "host=h password=*******\nport=1"),
            ("host=h PassWord = 's3c\\' ret' port=1", "host=h PassWord = *********** port=1"),
            ("pasword = \"s3cret\" # why", "pasword = ******** # why"),
            ("\"passwd\" = \"s3cret", "\"passwd\" = *******"),
            ("token = '''\ns3\n'''x", "token = ***\n**\n***x"),
            ("secret = \"\"\"s3\ncret", "secret = *****\n****"),
            ("password = \"environment\"", "password = \"environment\""),
            ("password = 'iam'", "password = 'iam'"),
            ("password_file = \"/run/pw\"", "password_file = \"/run/pw\""),
            ("no password: it is above = 3", "no password: it is above = 3"),
        ] {
            assert_eq!(struck(text), shown);
        }
    }

    proptest! {
        #[test]
        fn what_is_struck_out_keeps_its_length(text in "(\\PC|\n|=|://|@|'|\"|password){0,40}") {
            let shown = struck(&text);
            prop_assert_eq!(shown.len(), text.len());
            prop_assert_eq!(shown.matches('\n').count(), text.matches('\n').count());
        }
    }
}
