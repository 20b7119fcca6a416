//! TLS with a real PostgreSQL and with those who pretend to be one: who is trusted, who is not, and what is sent to whom.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use futures_util::future::BoxFuture;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use secrecy::SecretString;
use tempfile::TempDir;
use upshift::clock::Clock;
use upshift::workload::access::{Access, MakePassword, Password};
use upshift::workload::private_file::PrivateFile;

use crate::certificates::{Authority, Certificate, Lasts};
use crate::postgres::Server;
use crate::process::code_and_words;

const PASSWORD: &str = "correct horse";
const HERE: &str = "DNS:localhost,IP:127.0.0.1";
const PATIENCE: Duration = Duration::from_mins(1);

/// Runs it with a password in its environment.
fn upshift(words: &[&str], environment: &[(&str, &str)]) -> Output {
    let home = TempDir::new().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_upshift"));
    command.args(words).env_clear().env("HOME", home.path()).env("PGPASSWORD", PASSWORD);
    command.envs(environment.iter().copied()).current_dir(home.path()).output().unwrap()
}

fn dsn(host: &str, port: u16, ca_file: &Path) -> String {
    format!("postgresql://app@{host}:{port}/postgres?sslmode=verify-full&sslrootcert={}", ca_file.display())
}

/// Both commands that go to a server are refused with this sentence, and this exit code.
#[track_caller]
fn assert_refused(dsn: &str, code: i32, sentences: &[&str]) {
    for words in [&["canary", "--dsn", dsn, "--for", "1s"][..], &["load", "--dsn", dsn, "--writes", "9", "--for", "1s"]]
    {
        let (found, said) = code_and_words(&upshift(words, &[]));
        assert_eq!(found, code, "{said}");
        for sentence in sentences {
            assert!(said.contains(sentence), "`{sentence}` is not in: {said}");
        }
        assert_eq!(said.trim().lines().count(), 1, "one sentence: {said}");
        assert!(!said.contains(PASSWORD), "{said}");
    }
}

#[test]
fn a_server_is_spoken_to_when_an_authority_that_is_trusted_vouches_for_its_name() {
    let (authority, stranger) = (Authority::new(), Authority::new());
    let ca_file = authority.file();
    let mut server = Server::start();
    server.psql(&format!("create role app login password '{PASSWORD}'"));
    server.psql("grant create on database postgres to app");
    server.with_tls(&authority.sign(HERE, Lasts::Still), &[]);
    let port = server.port();
    for host in ["localhost", "127.0.0.1"] {
        let dsn = dsn(host, port, &ca_file);
        let load = upshift(&["load", "--dsn", &dsn, "--writes", "50", "--for", "1s", "--json"], &[]);
        assert!(load.status.success(), "{}", String::from_utf8_lossy(&load.stderr));
        let run: serde_json::Value = serde_json::from_slice(&load.stdout).unwrap();
        assert_eq!((&run["acknowledged"], &run["failed"]), (&50.into(), &0.into()), "{run}");
    }
    let admin = format!("postgresql://postgres@localhost:{port}/postgres");
    assert!(upshift(&["canary", "--dsn", &admin, "--setup", "--role", "app"], &[]).status.success());
    let canary = upshift(&["canary", "--dsn", &dsn("localhost", port, &ca_file), "--for", "1s", "--json"], &[]);
    assert!(canary.status.success(), "{}", String::from_utf8_lossy(&canary.stderr));
    let seen: serde_json::Value = serde_json::from_slice(&canary.stdout).unwrap();
    assert_eq!(seen["paths"].as_array().unwrap().len(), 3, "also pinned to its address: {seen}");
    assert!(seen["paths"].as_array().unwrap().iter().all(|path| path["acknowledged"].as_u64() > Some(0)), "{seen}");

    let plain = format!("postgresql://app@127.0.0.1:{port}/postgres");
    assert_refused(&plain, 1, &["no encryption (28000); it takes sessions over TLS only: add sslmode=verify-full"]);
    assert_refused(
        &dsn("localhost", port, &stranger.file()),
        1,
        &["app@localhost:", "signed by none of the authorities that are trusted: name the file of the right ones"],
    );
    let wrong = upshift(
        &["load", "--dsn", &dsn("localhost", port, &ca_file), "--writes", "9", "--for", "1s"],
        &[("PGPASSWORD", "x")],
    );
    let (code, said) = code_and_words(&wrong);
    assert!(code == 1 && said.contains("password authentication failed for user \"app\" (28P01)"), "{said}");

    for (certificate, settings, sentences) in [
        (stranger.own(), &[][..], &["is self-signed, as an authority's own is: give the server one that"][..]),
        (stranger.sign(HERE, Lasts::Still), &[], &["signed by none of the authorities"]),
        (authority.sign(HERE, Lasts::NoMore), &[], &["has expired 20", "Z: renew it at the server"]),
        (
            authority.sign("DNS:db.example.com,IP:192.0.2.1", Lasts::Still),
            &[],
            &["is for db.example.com, ", " and not for localhost: connect by a name that stands in it"],
        ),
        (
            authority.sign(HERE, Lasts::Still),
            &["ssl_min_protocol_version=TLSv1", "ssl_max_protocol_version=TLSv1.1"],
            &["the server has no TLS that is safe: let it speak TLS 1.2 or 1.3"],
        ),
        (
            authority.sign(HERE, Lasts::Still),
            &["ssl=off"],
            &["refuses TLS, or somebody on the way does, and was told nothing"],
        ),
    ] {
        server.with_tls(&certificate, settings);
        assert_refused(&dsn("localhost", port, &ca_file), 1, sentences);
    }
}

#[test]
fn what_would_not_check_whom_it_talks_to_is_no_setting() {
    let directory = TempDir::new().unwrap();
    let place = |name: &str| directory.path().join(name);
    fs::write(place("empty.pem"), "").unwrap();
    fs::write(place("words.pem"), "no certificate\n").unwrap();
    fs::write(place("torn.pem"), "-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n").unwrap();
    fs::write(place("bytes.pem"), "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").unwrap();
    for (file, sentence) in [
        ("absent.pem", "absent.pem cannot be used: No such file"),
        ("", "cannot be used: Is a directory"),
        ("empty.pem", "there is no certificate in PEM in it"),
        ("words.pem", "there is no certificate in PEM in it"),
        ("torn.pem", "it is no PEM file"),
        ("bytes.pem", "one is no certificate of an authority"),
    ] {
        assert_refused(&dsn("localhost", 1, &place(file)), 2, &["the certificate authorities of ", sentence]);
    }
    for (dsn, sentence) in [
        ("postgresql://app@localhost/b?sslmode=require", "sslmode must be verify-full"),
        ("postgresql://app@localhost/b?sslmode=prefer", "sslmode must be verify-full"),
        ("postgresql://app@db.example.com/b?sslmode=disable", "sslmode=disable is for this machine alone"),
        ("postgresql://app@db.example.com/b", "add sslrootcert=FILE"),
        ("host=localhost hostaddr=192.0.2.1 user=app", "add sslrootcert=FILE"),
        ("host=/run/postgresql user=app sslmode=verify-full", "there is no TLS over a Unix socket"),
    ] {
        assert_refused(dsn, 2, &[sentence]);
    }
    let server = Server::start();
    assert!(upshift(&["canary", "--dsn", &server.dsn(), "--setup"], &[]).status.success());
    let words = ["canary", "--dsn", &server.dsn_of("upshift_canary"), "--old-writer", "192.0.2.1:5432"];
    let (code, said) = code_and_words(&upshift(&words, &[]));
    assert!(code == 2 && said.contains("192.0.2.1 is on another machine, and the way there would"), "{said}");
}

/// One that plays `part` with the first client, and tells what it was told.
fn impostor(part: impl FnOnce(TcpStream) -> Vec<u8> + Send + 'static) -> (u16, JoinHandle<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    (port, std::thread::spawn(move || part(listener.accept().unwrap().0)))
}

/// `AuthenticationCleartextPassword`.
const GIVE_ME_THE_PASSWORD: [u8; 9] = [b'R', 0, 0, 0, 8, 0, 0, 0, 3];

#[tokio::test]
async fn nobody_on_the_way_is_given_a_password() {
    let authority = Authority::new();
    let asks_for_it = GIVE_ME_THE_PASSWORD.to_vec();
    for (answer, sentence) in [
        (b"N".to_vec(), "refuses TLS"),
        ([b"N".to_vec(), asks_for_it.clone()].concat(), "refuses TLS"),
        (asks_for_it.clone(), "refuses TLS"),
        ([b"S".to_vec(), asks_for_it].concat(), "what answers there does not speak TLS"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(), "refuses TLS"),
        (Vec::new(), "no answer within"),
    ] {
        let says = answer.clone();
        let (port, told) = impostor(move |mut client| {
            let mut told = vec![0; 8];
            client.read_exact(&mut told).unwrap();
            client.write_all(&says).unwrap();
            // A client that has gone away rudely has gone away.
            drop(client.read_to_end(&mut told));
            told
        });
        let password = Password::Given(SecretString::from(PASSWORD));
        let dsn = dsn("localhost", port, &authority.file()).parse().unwrap();
        let access = Access::new(dsn, password, None, Clock::system()).unwrap();
        let limit = if answer.is_empty() { Duration::from_millis(100) } else { PATIENCE };
        let error = access.connect("test", limit).await.unwrap_err().to_string();
        assert!(error.contains(sentence), "{answer:?}: {error}");
        let told = told.join().unwrap();
        assert_eq!(told[..8], [0, 0, 0, 8, 4, 210, 22, 47], "SSLRequest");
        if !answer.starts_with(b"S") {
            assert_eq!(told.len(), 8, "{answer:?}: nothing more was said");
        }
        let holds = |what: &str| told.windows(what.len()).any(|part| part == what.as_bytes());
        assert!(!holds(PASSWORD) && !holds("app\0"), "{answer:?}");
    }
}

/// A server that everybody may trust and that keeps nobody's password to itself: it tells those of `count` clients.
fn gossip(authority: &Certificate, count: usize) -> (u16, JoinHandle<Vec<String>>) {
    let chain = CertificateDer::pem_file_iter(&authority.file).unwrap().map(Result::unwrap).collect();
    let key = PrivateKeyDer::from_pem_file(&authority.key).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = Arc::new(config.with_no_client_auth().with_single_cert(chain, key).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let hear = move || {
        let (mut client, _) = listener.accept().unwrap();
        client.read_exact(&mut [0; 8]).unwrap();
        client.write_all(b"S").unwrap();
        let mut stream = StreamOwned::new(ServerConnection::new(Arc::clone(&config)).unwrap(), client);
        let mut message = |head: usize, answer: &[u8]| {
            let mut begin = vec![0; head + 4];
            stream.read_exact(&mut begin).unwrap();
            let length = u32::from_be_bytes(begin[head..].try_into().unwrap()) as usize - 4;
            let mut body = vec![0; length];
            stream.read_exact(&mut body).unwrap();
            stream.write_all(answer).unwrap();
            stream.flush().unwrap();
            body
        };
        message(0, &GIVE_ME_THE_PASSWORD);
        let no = b"SFATAL\0VFATAL\0C28P01\0MPAM authentication failed for user \"app\"\0\0";
        let password = message(1, &[&[b'E'][..], &(no.len() as u32 + 4).to_be_bytes(), no].concat());
        String::from_utf8(password).unwrap().trim_end_matches('\0').to_owned()
    };
    (port, std::thread::spawn(move || (0..count).map(|_| hear()).collect()))
}

#[test]
fn a_token_of_iam_is_what_aws_documents_and_goes_over_tls_only() {
    let authority = Authority::new();
    let (port, told) = gossip(&authority.sign(HERE, Lasts::Still), 1);
    let credentials = [
        ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "planted-secret-key"),
        ("AWS_SESSION_TOKEN", "planted/session+token"),
        ("AWS_REGION", "eu-west-1"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
    ];
    let dsn = dsn("localhost", port, &authority.file());
    let words = ["load", "--dsn", &dsn, "--iam", "--writes", "9", "--for", "1s"];
    let (code, said) = code_and_words(&upshift(&words, &credentials));
    assert!(code == 1 && said.contains("PAM authentication failed for user \"app\" (28P01)"), "{said}");
    let token = told.join().unwrap().remove(0);
    let (place, query) = token.split_once('?').unwrap();
    assert_eq!(place, format!("localhost:{port}/"));
    let parts: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let part =
        |key: &str| parts.iter().find(|(name, _)| name == key).unwrap_or_else(|| panic!("{key}: {token}")).1.as_str();
    assert_eq!((part("Action"), part("DBUser")), ("connect", "app"));
    assert_eq!((part("X-Amz-Algorithm"), part("X-Amz-Expires")), ("AWS4-HMAC-SHA256", "900"));
    assert_eq!((part("X-Amz-SignedHeaders"), part("X-Amz-Security-Token")), ("host", "planted/session+token"));
    let (date, scope) = (part("X-Amz-Date"), part("X-Amz-Credential"));
    assert_eq!(scope, format!("AKIDEXAMPLE/{}/eu-west-1/rds-db/aws4_request", &date[..8]));
    let signature = part("X-Amz-Signature");
    assert!(signature.len() == 64 && signature.bytes().all(|byte| byte.is_ascii_hexdigit()), "{token}");
    assert!(!token.contains("planted-secret-key") && !said.contains("planted") && !said.contains(signature), "{said}");

    let plain = format!("postgresql://app@127.0.0.1:{port}/postgres");
    let words = ["load", "--dsn", &plain, "--iam", "--writes", "9", "--for", "1s"];
    let (code, said) = code_and_words(&upshift(&words, &credentials));
    assert!(code == 2 && said.contains("a token of IAM goes over TLS only"), "{said}");

    let words = ["load", "--dsn", &dsn, "--iam", "--writes", "9", "--for", "1s"];
    let (code, said) =
        code_and_words(&upshift(&words, &[("AWS_REGION", "eu-west-1"), ("AWS_EC2_METADATA_DISABLED", "true")]));
    assert!(code == 1 && said.contains("no password: no token can be made: there are no AWS credentials"), "{said}");
    let (code, said) = code_and_words(&upshift(&words, &credentials[..2]));
    assert!(code == 1 && said.contains("no token can be made: no region is known; set AWS_REGION"), "{said}");
}

/// Numbers what it makes.
#[derive(Default)]
struct Numbered(AtomicU32);

impl MakePassword for Numbered {
    fn make<'a>(&'a self, host: &'a str, _: u16, user: &'a str) -> BoxFuture<'a, Result<SecretString, String>> {
        let number = self.0.fetch_add(1, Ordering::Relaxed);
        Box::pin(async move { Ok(SecretString::from(format!("{number} for {user} at {host}"))) })
    }
}

#[tokio::test]
async fn each_session_has_a_password_of_its_own() {
    let authority = Authority::new();
    let (port, told) = gossip(&authority.sign(HERE, Lasts::Still), 5);
    let dsn = || dsn("localhost", port, &authority.file()).parse().unwrap();
    let made = Access::new(dsn(), Password::Made(Arc::new(Numbered::default())), None, Clock::system()).unwrap();
    // By its address, the name is still what the certificate and the token are for.
    for access in [made.clone(), made.clone(), made.pinned("127.0.0.1".parse().unwrap(), port).unwrap()] {
        assert!(access.connect("test", PATIENCE).await.unwrap_err().to_string().contains("28P01"));
    }
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("password");
    for content in ["first\n", "second \r\nthird\n"] {
        write_private(&file, content);
        let access = Access::new(dsn(), Password::File(PrivateFile::new(&file)), None, Clock::system()).unwrap();
        assert!(access.connect("test", PATIENCE).await.is_err());
    }
    let words = ["0 for app at localhost", "1 for app at localhost", "2 for app at localhost", "first", "second "];
    assert_eq!(told.join().unwrap(), words);
}

fn write_private(file: &PathBuf, content: &str) {
    fs::write(file, content).unwrap();
    fs::set_permissions(file, fs::Permissions::from_mode(0o600)).unwrap();
}

#[tokio::test]
async fn a_file_that_others_can_read_has_no_password_also_when_it_becomes_so_later() {
    let mut server = Server::start();
    server.psql("create role app login password 'old'");
    let authority = Authority::new();
    server.with_tls(&authority.sign(HERE, Lasts::Still), &[]);
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("password");
    write_private(&file, "old\n");
    let dsn = dsn("localhost", server.port(), &authority.file());
    let password = Password::File(PrivateFile::new(&file));
    let access = Access::new(dsn.parse().unwrap(), password, None, Clock::system()).unwrap();
    access.connect("test", PATIENCE).await.unwrap();
    server.psql("alter role app password 'new'");
    let error = access.connect("test", PATIENCE).await.unwrap_err().to_string();
    assert!(error.contains("28P01"), "{error}");
    write_private(&file, "new");
    access.connect("test", PATIENCE).await.unwrap();

    let mode = |mode: u32| fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
    for open in [0o644, 0o640, 0o602] {
        mode(open);
        let error = access.connect("test", PATIENCE).await.unwrap_err().to_string();
        assert!(error.contains("others can read it; `chmod 600` it"), "{open:o}: {error}");
        let file = file.to_str().unwrap();
        let words = ["load", "--dsn", &dsn, "--password-file", file, "--writes", "9", "--for", "1s"];
        let (code, said) = code_and_words(&upshift(&words, &[]));
        assert!(code == 2 && said.contains("--password-file ") && said.contains("`chmod 600` it"), "{said}");
    }
    mode(0o600);
    let says = |what: &str| PrivateFile::new(&directory.path().join(what)).read().map(|_| ()).unwrap_err();
    for empty in ["", "\n", "\nsecond line"] {
        write_private(&file, empty);
        assert!(says("password").contains("its first line is empty"), "{empty:?}");
    }
    fs::write(&file, b"\xff\xfe").unwrap();
    assert!(says("password").contains("no text in UTF-8"));
    assert!(says("absent").contains("No such file"));
    assert!(says("").contains("not a plain file"));
    assert!(Command::new("mkfifo").arg(directory.path().join("pipe")).status().unwrap().success());
    assert!(says("pipe").contains("not a plain file"), "and nobody waits for it");
}
