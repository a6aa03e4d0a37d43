//! What a TLS handshake failed of, in the words of somebody who has to act.

use std::io;
use std::time::{Duration, SystemTime};

use rustls::pki_types::UnixTime;
use rustls::{AlertDescription, CertificateError, Error};

/// What can be done about a certificate that nobody here vouches for.
const ADVICE: &str =
    "name the certificate, or that of who signed it, with --ca, or accept any with --insecure";

/// The error of the TLS library, if it is one.
fn tls_error(error: &io::Error) -> Option<&Error> {
    error.get_ref()?.downcast_ref()
}

/// Whether the server speaks none of the versions of HTTP that it was offered.
pub(super) fn speaks_none_of_these(error: &io::Error) -> bool {
    let refused = Error::AlertReceived(AlertDescription::NoApplicationProtocol);
    tls_error(error) == Some(&refused)
}

/// Why the handshake failed.
pub(super) fn why(error: &io::Error) -> String {
    match tls_error(error) {
        Some(Error::InvalidCertificate(reason)) => certificate(reason),
        Some(Error::InvalidMessage(_)) => {
            "the server does not speak TLS on this port; the address may have to begin with http://".to_owned()
        }
        Some(Error::AlertReceived(alert)) => refusal(*alert),
        Some(Error::PeerIncompatible(_)) => {
            "the server has no version of TLS, or no cipher, in common with this client, which speaks TLS 1.2 and 1.3"
                .to_owned()
        }
        Some(Error::NoCertificatesPresented) => "the server shows no certificate".to_owned(),
        Some(Error::PeerMisbehaved(_)) => "the server does not keep to the rules of TLS".to_owned(),
        Some(Error::DecryptError) => "what the server sends cannot be decrypted".to_owned(),
        Some(_) => format!("the handshake broke off ({error})"),
        None if error.kind() == io::ErrorKind::UnexpectedEof => {
            "the server closed the connection in the handshake".to_owned()
        }
        None if error.kind() == io::ErrorKind::ConnectionReset => {
            "the server reset the connection in the handshake".to_owned()
        }
        None => error.to_string(),
    }
}

/// Whether a certificate was refused because it is one that may sign others.
pub(super) fn is_self_signed(error: &CertificateError) -> bool {
    let CertificateError::Other(other) = error else {
        return false;
    };
    other.0.downcast_ref::<webpki::Error>() == Some(&webpki::Error::CaUsedAsEndEntity)
}

fn certificate(error: &CertificateError) -> String {
    let what = match error {
        CertificateError::UnknownIssuer => format!("leads to no root that is trusted here: {ADVICE}"),
        error if is_self_signed(error) => {
            format!("is one that signs others, as a self-signed one does: {ADVICE}")
        }
        CertificateError::ExpiredContext { not_after, .. } => {
            format!(
                "has expired on {}; --insecure accepts it all the same",
                date(*not_after)
            )
        }
        CertificateError::Expired => "has expired; --insecure accepts it all the same".to_owned(),
        CertificateError::NotValidYetContext { not_before, .. } => format!(
            "is not valid before {}; --insecure accepts it all the same",
            date(*not_before)
        ),
        CertificateError::NotValidYet => "is not valid yet; --insecure accepts it all the same".to_owned(),
        CertificateError::NotValidForNameContext { expected, presented } => format!(
            "is for {}, not for {}; --insecure accepts it all the same",
            names(presented),
            expected.to_str()
        ),
        CertificateError::NotValidForName => {
            "is for another host; --insecure accepts it all the same".to_owned()
        }
        CertificateError::BadEncoding => "cannot be read".to_owned(),
        CertificateError::BadSignature => "is not signed by whom it names as its issuer".to_owned(),
        CertificateError::Revoked => "was revoked".to_owned(),
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            "is not meant for a server; --insecure accepts it all the same".to_owned()
        }
        _ => "is not accepted; --insecure accepts it all the same".to_owned(),
    };
    format!("the certificate of the server {what}")
}

/// A moment as people write it.
fn date(moment: UnixTime) -> String {
    httpdate::fmt_http_date(SystemTime::UNIX_EPOCH + Duration::from_secs(moment.as_secs()))
}

/// The names of a certificate: the library tells each as the kind of name it is, and the name in quotes.
fn names(presented: &[String]) -> String {
    let plain = |name: &String| match name.split_once('(') {
        Some((_, inner)) => inner.trim_end_matches(')').trim_matches('"').to_owned(),
        None => name.clone(),
    };
    match presented {
        [] => "no name at all".to_owned(),
        names => names.iter().map(plain).collect::<Vec<String>>().join(", "),
    }
}

fn refusal(alert: AlertDescription) -> String {
    match alert {
        AlertDescription::CertificateRequired => {
            "the server wants a certificate of the client: give one with --cert and --key".to_owned()
        }
        AlertDescription::UnknownCA
        | AlertDescription::BadCertificate
        | AlertDescription::CertificateUnknown => {
            "the server does not accept the certificate of the client".to_owned()
        }
        AlertDescription::HandshakeFailure => {
            "the server refuses the handshake: it may want a certificate of the client (--cert and --key)"
                .to_owned()
        }
        AlertDescription::UnrecognisedName => "the server knows no host of this name".to_owned(),
        AlertDescription::ProtocolVersion => {
            "the server speaks no version of TLS that this client does, which are 1.2 and 1.3".to_owned()
        }
        AlertDescription::NoApplicationProtocol => {
            "the server speaks no version of HTTP that this client does".to_owned()
        }
        other => format!("the server refuses the handshake (alert {})", u8::from(other)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(error: Error) -> String {
        why(&io::Error::new(io::ErrorKind::InvalidData, error))
    }

    #[test]
    fn times_and_names_are_written_as_people_write_them() {
        let moment = UnixTime::since_unix_epoch(Duration::from_secs(784_111_777));
        let expired = CertificateError::ExpiredContext {
            time: moment,
            not_after: moment,
        };
        insta::assert_snapshot!(
            said(expired.into()),
            @"the certificate of the server has expired on Sun, 06 Nov 1994 08:49:37 GMT; --insecure accepts it all the same"
        );
        let other = CertificateError::NotValidForNameContext {
            expected: rustls::pki_types::ServerName::try_from("r.example").unwrap(),
            presented: vec![
                "DnsName(\"a.example\")".to_owned(),
                "IpAddress(127.0.0.1)".to_owned(),
            ],
        };
        insta::assert_snapshot!(
            said(other.into()),
            @"the certificate of the server is for a.example, 127.0.0.1, not for r.example; --insecure accepts it all the same"
        );
    }

    #[test]
    fn no_message_holds_a_name_of_the_source() {
        let errors = [
            CertificateError::UnknownIssuer.into(),
            CertificateError::UnhandledCriticalExtension.into(),
            Error::AlertReceived(AlertDescription::InternalError),
            Error::AlertReceived(AlertDescription::CertificateRequired),
            Error::NoCertificatesPresented,
        ];
        for error in errors {
            let said = said(error);
            assert!(!said.contains(['(', '"']) || said.contains("(alert"), "{said}");
        }
    }
}
