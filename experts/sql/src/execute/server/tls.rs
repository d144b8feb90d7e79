//! TLS with a PostgreSQL server, by rustls: what is verified of its certificate under each `sslmode`.

use std::io;
use std::net::TcpStream;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, ClientConnection, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
    StreamOwned,
};

use super::address::{Address, SslMode};

/// A connection that is encrypted.
pub(super) type Encrypted = StreamOwned<ClientConnection, TcpStream>;

/// Shakes hands on a stream whose server has agreed to it.
///
/// # Errors
/// When the handshake fails, or the certificate is not one that the mode asks for.
pub(super) fn handshake(stream: TcpStream, address: &Address) -> io::Result<Encrypted> {
    let name = ServerName::try_from(address.host.clone())
        .map_err(|e| io::Error::new(io::ErrorKind::InvalidInput, format!("`{}` names no server: {e}", address.host)))?;
    let mut encrypted = StreamOwned::new(ClientConnection::new(configuration(address)?, name).map_err(failed)?, stream);
    while encrypted.conn.is_handshaking() {
        encrypted.conn.complete_io(&mut encrypted.sock).map_err(failed)?;
    }
    Ok(encrypted)
}

fn failed(error: impl std::fmt::Display) -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionAborted, format!("no TLS connection to the PostgreSQL server: {error}"))
}

fn configuration(address: &Address) -> io::Result<Arc<ClientConfig>> {
    let provider = Arc::new(ring::default_provider());
    let verify: Arc<dyn ServerCertVerifier> = match address.ssl_mode {
        SslMode::Disable | SslMode::Prefer | SslMode::Require => {
            Arc::new(AnyHost { provider: provider.clone(), signed: None })
        }
        SslMode::VerifyCa => {
            Arc::new(AnyHost { provider: provider.clone(), signed: Some(signed(address, &provider)?) })
        }
        SslMode::VerifyFull => signed(address, &provider)?,
    };
    let configuration = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(failed)?
        .dangerous()
        .with_custom_certificate_verifier(verify)
        .with_no_client_auth();
    Ok(Arc::new(configuration))
}

/// Verifies that a trusted root has signed the certificate, and that it names the host.
fn signed(address: &Address, provider: &Arc<CryptoProvider>) -> io::Result<Arc<WebPkiServerVerifier>> {
    let mut roots = RootCertStore::empty();
    match &address.root_certificates {
        None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
        Some(path) => {
            let unread = |e: &dyn std::fmt::Display| {
                let why = format!("cannot read the root certificates `{}`: {e}", path.display());
                io::Error::new(io::ErrorKind::InvalidInput, why)
            };
            for certificate in CertificateDer::pem_file_iter(path).map_err(|e| unread(&e))? {
                roots.add(certificate.map_err(|e| unread(&e))?).map_err(|e| unread(&e))?;
            }
        }
    }
    WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone()).build().map_err(failed)
}

/// Takes a certificate whatever host it names: the one that a trusted root has signed, or any if `signed` is `None`, for
/// connections that are encrypted and not authenticated. The server proves in either case that it has the
/// certificate's key.
#[derive(Debug)]
struct AnyHost {
    provider: Arc<CryptoProvider>,
    signed: Option<Arc<WebPkiServerVerifier>>,
}

impl ServerCertVerifier for AnyHost {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let Some(signed) = &self.signed else { return Ok(ServerCertVerified::assertion()) };
        // The name is looked at last, once the chain of signatures holds.
        match signed.verify_server_cert(certificate, intermediates, name, ocsp, now) {
            Err(Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) => Ok(ServerCertVerified::assertion()),
            verified => verified,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
