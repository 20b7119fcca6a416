//! Why a server cannot be talked to, in one sentence that says what to do where that is known.

use std::error::Error as StdError;

use rustls::{AlertDescription, CertificateError, Error as TlsError};

use crate::model::text::clean;

/// Most names of a certificate, as one text.
const SHOWN_CHARS: usize = 200;

/// What a driver's error says, the server's own words with their code first, its cause else.
pub fn words(error: &tokio_postgres::Error) -> String {
    if let Some(server) = error.as_db_error() {
        let remedy = match server.code().code() {
            "28000" if server.message().contains("no encryption") => {
                "; it takes sessions over TLS only: add sslmode=verify-full and sslrootcert=FILE"
            }
            _ => "",
        };
        return format!("{} ({}){remedy}", server.message(), server.code().code());
    }
    if let Some(tls) = causes(error).find_map(tls_error) {
        return of_tls(tls);
    }
    let texts: Vec<String> = causes(error).map(ToString::to_string).collect();
    let is = |text: &str| texts.iter().any(|cause| cause == text);
    if is("server does not support TLS") {
        return "the server refuses TLS, or somebody on the way does, and was told nothing: switch on `ssl` at the server, \
                or find out who answers in its place"
            .to_owned();
    }
    if is("tls handshake eof") {
        return "the server broke off while TLS was agreed on: its log says why".to_owned();
    }
    if is("password missing") {
        return "the server wants a password and none is given: name a password file, or set PGPASSWORD".to_owned();
    }
    texts.join(": ")
}

/// The error and what it came from.
fn causes<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |error: &&'a (dyn StdError + 'static)| StdError::source(*error))
}

/// An I/O error does not count what it holds among its causes.
fn tls_error<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a TlsError> {
    error.downcast_ref::<std::io::Error>()?.get_ref()?.downcast_ref()
}

fn of_tls(error: &TlsError) -> String {
    match error {
        TlsError::InvalidCertificate(wrong) => of_certificate(wrong),
        TlsError::AlertReceived(AlertDescription::ProtocolVersion | AlertDescription::HandshakeFailure)
        | TlsError::PeerIncompatible(_) => {
            "the server has no TLS that is safe: let it speak TLS 1.2 or 1.3 (ssl_max_protocol_version)".to_owned()
        }
        TlsError::InvalidMessage(_) => {
            "what answers there does not speak TLS: look at the host and the port".to_owned()
        }
        error => format!("no TLS with the server: {}", clean(&error.to_string(), SHOWN_CHARS)),
    }
}

fn of_certificate(wrong: &CertificateError) -> String {
    match wrong {
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            "the server's certificate is signed by none of the authorities that are trusted: name the file of the right \
             ones as sslrootcert or ca_file (of RDS: the regional bundle that AWS publishes), or find out who answers in \
             the server's place"
                .to_owned()
        }
        CertificateError::NotValidForNameContext { expected, presented } => format!(
            "the server's certificate is for {} and not for {}: connect by a name that stands in it, or find out who \
             answers in the server's place",
            names(presented),
            clean(&expected.to_str(), SHOWN_CHARS),
        ),
        CertificateError::ExpiredContext { not_after, .. } => format!(
            "the server's certificate has expired {}: renew it at the server (of RDS: rotate its certificate), unless \
             this machine's clock is wrong",
            moment(not_after.as_secs()),
        ),
        CertificateError::NotValidYetContext { not_before, .. } => format!(
            "the server's certificate is not valid before {}: set this machine's clock, or renew the certificate",
            moment(not_before.as_secs()),
        ),
        // That of an authority, which is what a server shows that has signed its own.
        CertificateError::Other(other) if other.to_string().contains("CaUsedAsEndEntity") => {
            "the server's certificate is self-signed, as an authority's own is: give the server one that an authority \
             has signed"
                .to_owned()
        }
        wrong => format!(
            "the server's certificate cannot be trusted: {}; give the server another one",
            clean(&wrong.to_string(), SHOWN_CHARS)
        ),
    }
}

/// As webpki writes them: `DnsName("db.example.com")`.
fn names(presented: &[String]) -> String {
    let plain = presented.iter().map(|name| name.split('"').nth(1).unwrap_or(name));
    let names = plain.collect::<Vec<_>>().join(", ");
    if names.is_empty() { "no name at all (subjectAltName)".to_owned() } else { clean(&names, SHOWN_CHARS) }
}

fn moment(secs: u64) -> String {
    jiff::Timestamp::from_second(secs as i64).map_or_else(|_| "at no date".to_owned(), |moment| moment.to_string())
}
