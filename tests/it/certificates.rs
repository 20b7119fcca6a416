//! Certificates for a test, made by `openssl`: PostgreSQL's package in Debian brings it, so that no crate is needed that
//! makes them.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use tempfile::TempDir;

/// An authority, its certificates, and their keys, gone with the test.
pub(crate) struct Authority {
    directory: TempDir,
    signed: AtomicU32,
}

/// Whether a certificate is good today.
#[derive(Clone, Copy)]
pub(crate) enum Lasts {
    Still,
    NoMore,
}

/// Of the authority: it keeps no books.
const CONFIG: &str = "[ca]\ndefault_ca = test\n[test]\ndatabase = index.txt\nserial = serial\nnew_certs_dir = .\ndefault_md = sha256\n\
                      policy = any\n[any]\ncommonName = supplied\n";

/// A certificate and its key, in PEM.
pub(crate) struct Certificate {
    pub(crate) file: PathBuf,
    pub(crate) key: PathBuf,
}

impl Authority {
    /// A new one, whom nobody knows yet.
    pub(crate) fn new() -> Self {
        let directory = TempDir::with_prefix("upshift-ca-").unwrap();
        // The server runs as another user.
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let authority = Self { directory, signed: AtomicU32::new(0) };
        authority.openssl(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout ca.key -out ca.pem -days 2 \
             -subj /CN=upshift-test",
        );
        authority
    }

    /// What clients trust.
    pub(crate) fn file(&self) -> PathBuf {
        self.directory.path().join("ca.pem")
    }

    /// One for `names`, such as `DNS:localhost,IP:127.0.0.1`, that was good from 2020 on.
    pub(crate) fn sign(&self, names: &str, lasts: Lasts) -> Certificate {
        let number = self.signed.fetch_add(1, Ordering::Relaxed);
        let place = |what: &str| self.directory.path().join(what);
        fs::write(place("names"), format!("subjectAltName={names}\n")).unwrap();
        fs::write(place("ca.conf"), CONFIG).unwrap();
        fs::write(place("index.txt"), "").unwrap();
        self.openssl(&format!(
            "req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout {number}.key -out server.csr \
             -subj /CN=server"
        ));
        let end = match lasts {
            Lasts::Still => "20991231000000Z",
            Lasts::NoMore => "20200102000000Z",
        };
        self.openssl(&format!(
            "ca -config ca.conf -batch -notext -create_serial -in server.csr -cert ca.pem -keyfile ca.key -extfile names \
             -startdate 20200101000000Z -enddate {end} -out {number}.pem"
        ));
        Certificate { file: place(&format!("{number}.pem")), key: place(&format!("{number}.key")) }
    }

    /// Its own, as a server that has signed its own shows it.
    pub(crate) fn own(&self) -> Certificate {
        Certificate { file: self.file(), key: self.directory.path().join("ca.key") }
    }

    fn openssl(&self, words: &str) {
        let mut command = Command::new("openssl");
        let output = command.args(words.split_whitespace()).current_dir(self.directory.path()).output();
        let output = output.expect("tests/tools.sh installs openssl");
        assert!(output.status.success(), "openssl {words}: {}", String::from_utf8_lossy(&output.stderr));
    }
}
