//! DTLS as coap-rs has it, by webrtc-dtls.

use std::collections::HashMap;
use std::error::Error;
use std::fs;
use std::io::{self, BufReader};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use coap::dtls::spawn_webrtc_conn;
use coap::server::{Listener, TransportRequestSender};
use tokio::task::JoinHandle;
use webrtc_dtls::cipher_suite::CipherSuiteId;
use webrtc_dtls::config::{ClientAuthType, Config};
use webrtc_dtls::conn::DTLSConn;
use webrtc_dtls::crypto::{Certificate, CryptoPrivateKey};
use webrtc_util::conn::conn_udp_listener::ListenConfig;
use webrtc_util::conn::Listener as _;

/// "identity:hexkey" of a file.
fn shared_key(file: &str) -> Result<(Vec<u8>, Vec<u8>), Box<dyn Error>> {
    let line = fs::read_to_string(file)?;
    let (identity, hex) = line.trim().split_once(':').ok_or("no identity:hexkey")?;
    let digits: Vec<u32> =
        hex.chars().map(|c| c.to_digit(16).ok_or("no hex digit")).collect::<Result<_, _>>()?;
    let key = digits
        .chunks(2)
        .map(|pair| pair.iter().fold(0, |sum, digit| sum << 4 | *digit as u8))
        .collect();
    Ok((identity.as_bytes().to_vec(), key))
}

fn chain(file: &str) -> Result<Vec<rustls::Certificate>, Box<dyn Error>> {
    let certificates = rustls_pemfile::certs(&mut BufReader::new(fs::File::open(file)?))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(certificates.into_iter().map(|der| rustls::Certificate(der.to_vec())).collect())
}

/// The configuration of DTLS that is given, if any.
pub fn security(given: &HashMap<&str, &str>) -> Result<Option<Config>, Box<dyn Error>> {
    if let Some(file) = given.get("psk") {
        let (identity, key) = shared_key(file)?;
        return Ok(Some(Config {
            psk_identity_hint: Some(identity.clone()),
            psk: Some(Arc::new(move |named| {
                if named == identity {
                    Ok(key.clone())
                } else {
                    Err(webrtc_dtls::Error::Other("no such identity".to_owned()))
                }
            })),
            cipher_suites: vec![
                CipherSuiteId::Tls_Psk_With_Aes_128_Ccm_8,
                CipherSuiteId::Tls_Psk_With_Aes_128_Ccm,
                CipherSuiteId::Tls_Psk_With_Aes_128_Gcm_Sha256,
            ],
            ..Config::default()
        }));
    }
    let (Some(file), Some(key)) = (given.get("certificate"), given.get("key")) else {
        return Ok(None);
    };
    let pair = rcgen::KeyPair::from_pem(&fs::read_to_string(key)?)?;
    let mut config = Config {
        certificates: vec![Certificate {
            certificate: chain(file)?,
            private_key: CryptoPrivateKey::from_key_pair(&pair)?,
        }],
        cipher_suites: vec![
            CipherSuiteId::Tls_Ecdhe_Ecdsa_With_Aes_128_Ccm_8,
            CipherSuiteId::Tls_Ecdhe_Ecdsa_With_Aes_128_Ccm,
            CipherSuiteId::Tls_Ecdhe_Ecdsa_With_Aes_128_Gcm_Sha256,
        ],
        ..Config::default()
    };
    if let Some(ca) = given.get("demand") {
        config.client_auth = ClientAuthType::RequireAndVerifyClientCert;
        for authority in chain(ca)? {
            config.client_cas.add(&authority)?;
        }
    }
    Ok(Some(config))
}

/// How long a client may take to shake hands.
const HANDSHAKE: Duration = Duration::from_secs(60);
/// The content type of the records that begin a session.
const RECORD_HANDSHAKE: u8 = 22;

/// Shakes hands with each client in a task of its own. The library's own listener
/// shakes hands with one after the other and ends with the first that fails.
pub struct Dtls {
    pub place: SocketAddr,
    pub config: Config,
}

#[async_trait::async_trait]
impl Listener for Dtls {
    async fn listen(
        self: Box<Self>,
        sender: TransportRequestSender,
    ) -> io::Result<JoinHandle<io::Result<()>>> {
        let begins = |datagram: &[u8]| {
            let is_handshake = datagram.first() == Some(&RECORD_HANDSHAKE);
            Box::pin(async move { is_handshake }) as _
        };
        let mut how =
            ListenConfig { accept_filter: Some(Box::new(begins)), ..ListenConfig::default() };
        let listener = how.listen(self.place).await.map_err(io::Error::other)?;
        let config = self.config;
        Ok(tokio::spawn(async move {
            loop {
                let (conn, address) = listener.accept().await.map_err(io::Error::other)?;
                let (config, sender) = (config.clone(), sender.clone());
                tokio::spawn(async move {
                    let begun = DTLSConn::new(conn.clone(), config, false, None);
                    match tokio::time::timeout(HANDSHAKE, begun).await {
                        Ok(Ok(session)) => {
                            spawn_webrtc_conn(Arc::new(session), address, sender).await
                        }
                        Ok(Err(why)) => eprintln!("{address}: {why}"),
                        Err(_) => eprintln!("{address}: took too long to shake hands"),
                    }
                    // Or what is of its port would go to a session that is no more.
                    let _ = conn.close().await;
                });
            }
        }))
    }
}
