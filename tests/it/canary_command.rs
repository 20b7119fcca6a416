//! `upshift canary` as a person meets it: what it says of wrong words and of a database that is not ready, and how it ends.

use serde_json::Value;

use crate::postgres::Server;
use crate::process::{Process, code_and_words, upshift};

fn said(words: &[&str]) -> (i32, String, String) {
    let home = tempfile::tempdir().unwrap();
    let output = upshift(home.path(), &[&["canary"], words].concat());
    let (code, error) = code_and_words(&output);
    (code, error, String::from_utf8(output.stdout).unwrap())
}

#[test]
fn wrong_words_are_refused_each_in_a_sentence() {
    let dsn = "postgresql://upshift_canary@127.0.0.1:1/postgres";
    for (wrong, sentence) in [
        (&["--every", "0s"][..], "must be a time from 1ms to 10s"),
        (&["--every", "11s"], "must be a time from 1ms to 10s"),
        (&["--old-writer", "nowhere"], "must be HOST:PORT"),
        (&["--reader-dsn", "nonsense"], "--reader-dsn: not a connection string"),
        (&["--setup", "--remove"], "cannot be used with"),
        (&["--setup", "--role", "a\"b"], "a role's name has"),
        (&["--print"], "--role and --print go with --setup or --remove"),
    ] {
        let (code, error, _) = said(&[&["--dsn", dsn], wrong].concat());
        assert!(code == 2 && error.contains(sentence), "{wrong:?}: {code} {error}");
    }
    let (code, error, _) = said(&["--dsn", dsn]);
    assert!(code == 1 && error.contains("upshift_canary@127.0.0.1:1/postgres: "), "{code} {error}");
}

#[test]
fn a_database_is_prepared_watched_and_cleared() {
    let server = Server::start();
    let (admin, role) = (server.dsn(), server.dsn_of("upshift_canary"));
    server.psql("create role app login");
    let (code, error, _) = said(&["--dsn", &server.dsn_of("app")]);
    assert!(
        code == 1 && error.contains("upshift canary --setup --dsn postgresql://ADMIN@127.0.0.1:"),
        "{code} {error}"
    );
    assert!(error.contains("/postgres --role app"), "{error}");

    let (code, _, sql) = said(&["--dsn", &admin, "--setup", "--print"]);
    assert!(code == 0 && sql.contains("GRANT INSERT, SELECT, DELETE ON upshift_canary.attempt"), "{sql}");
    assert_eq!(server.psql("select count(*) from pg_roles where rolname = 'upshift_canary'"), "0");
    // Twice is as good as once, and a role that was there is given the same.
    for words in [&["--setup"][..], &["--setup"], &["--setup", "--role", "app"]] {
        assert_eq!(said(&[&["--dsn", &admin], words].concat()).0, 0);
    }
    let (code, error, _) = said(&["--dsn", &role, "--reader-dsn", &role]);
    assert!(code == 2 && error.contains("is a writer: give a reader's endpoint, or none"), "{code} {error}");

    for user in [&role, &server.dsn_of("app")] {
        let (code, error, result) = said(&["--dsn", user, "--for", "1s", "--json"]);
        assert_eq!((code, error.as_str()), (0, ""));
        let result: Value = serde_json::from_str(&result).unwrap();
        assert_eq!((&result["integrity"]["lost"], &result["every_millis"]), (&0.into(), &20.into()));
        assert!(result["integrity"]["acknowledged"].as_u64() > Some(40), "{result}");
    }
    assert_eq!(said(&["--dsn", &admin, "--remove"]).0, 0);
    assert_eq!(server.psql("select string_agg(rolname, ' ') from pg_roles where rolname ~ 'app|upshift'"), "app");
    assert_eq!(server.psql("select count(*) from pg_namespace where nspname = 'upshift_canary'"), "0");
}

#[test]
fn a_signal_ends_it_in_order_with_the_check_and_the_result() {
    let server = Server::start();
    let home = tempfile::tempdir().unwrap();
    assert_eq!(said(&["--dsn", &server.dsn(), "--setup"]).0, 0);
    let process = Process::start(home.path(), &["canary", "--dsn", &server.dsn_of("upshift_canary")], |child| {
        Box::new(child.stdout.take().unwrap())
    });
    server.until("select count(*) > 20 from upshift_canary.attempt", "t");
    let (code, result) = process.terminate();
    assert!(code == 0 && result.contains("lost 0, phantom 0, duplicated 0, split brain 0"), "{code} {result}");
    assert!(result.contains("persistent session: ") && result.contains("written by 127.0.0.1:"), "{result}");
    assert_eq!(server.psql("select count(*) from upshift_canary.attempt"), "0");
}
