//! The resources of the ETSI CoAP plugtests on coap-rs:
//!
//!     coapspec-coap-rs ADDRESS PORT [psk=FILE] [certificate=CHAIN key=KEY [demand=CA]]
//!
//! UDP on PORT. With a pre-shared key ("identity:hexkey") or a certificate DTLS on
//! PORT + 1; webrtc-dtls takes one of the two, and so does this: the key where both
//! are given. demand= wants a certificate of the clients too. What the messages look
//! like is the library's; here are only resources. What nothing else answers is a
//! place where PUT creates.

mod secure;

use std::collections::{HashMap, LinkedList};
use std::error::Error;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use coap::server::{Listener, UdpCoapListener};
use coap::Server;
use coap_lite::{CoapOption, CoapRequest, MessageClass, Packet, RequestType, ResponseType};

type Request = Box<CoapRequest<SocketAddr>>;
type Path = Vec<Vec<u8>>;

const TEXT: u16 = 0;
const LINKS: u16 = 40;
const XML: u16 = 41;

/// All options with that number, as bytes.
fn values(request: &Packet, option: CoapOption) -> Vec<Vec<u8>> {
    let found = request.get_option(option);
    found.map_or(Vec::new(), |list| list.iter().cloned().collect())
}

/// What an option of an unsigned integer says.
fn number(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte))
}

/// The same for the same bytes on every machine: FNV-1a.
fn etag(payload: &[u8]) -> Vec<u8> {
    let mixed = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3);
    payload.iter().fold(0xcbf2_9ce4_8422_2325, mixed).to_be_bytes().to_vec()
}

/// What is answered: a code, options, a payload.
struct Answer {
    code: ResponseType,
    options: Vec<(CoapOption, Vec<Vec<u8>>)>,
    payload: Vec<u8>,
}

fn only(code: ResponseType) -> Answer {
    Answer { code, options: Vec::new(), payload: Vec::new() }
}

/// 2.05, or 2.03 where the request has its ETag, or 4.06.
fn content(request: &Packet, payload: &[u8], format: u16) -> Answer {
    let wanted = values(request, CoapOption::Accept);
    if wanted.iter().any(|accept| number(accept) != u64::from(format)) {
        return only(ResponseType::NotAcceptable);
    }
    let tag = etag(payload);
    if values(request, CoapOption::ETag).contains(&tag) {
        return Answer {
            options: vec![(CoapOption::ETag, vec![tag])],
            ..only(ResponseType::Valid)
        };
    }
    let short: Vec<u8> = format.to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect();
    Answer {
        code: ResponseType::Content,
        options: vec![(CoapOption::ETag, vec![tag]), (CoapOption::ContentFormat, vec![short])],
        payload: payload.to_vec(),
    }
}

fn path_of(text: &str) -> Path {
    text.split('/').map(|segment| segment.as_bytes().to_vec()).collect()
}

struct Stored {
    payload: Vec<u8>,
    format: u16,
}

/// What can be read, replaced, added to by POST and, where it was created, deleted.
/// POST to /test makes a resource at a place that it names.
struct Store {
    resources: HashMap<Path, Stored>,
    fixed: Vec<Path>,
    posted: u32,
}

/// Whether the conditions of the request hold.
fn conditions(request: &Packet, current: Option<&Stored>) -> bool {
    let wanted = values(request, CoapOption::IfMatch);
    match current {
        None => wanted.is_empty(),
        Some(stored) => {
            request.get_option(CoapOption::IfNoneMatch).is_none()
                && (wanted.is_empty()
                    || wanted.iter().any(|tag| tag.is_empty() || *tag == etag(&stored.payload)))
        }
    }
}

impl Store {
    fn new(large: &str) -> Store {
        let fixed =
            [("test", "a test resource"), ("validate", "version one"), ("large-update", large)];
        let of = |text: &str| Stored { payload: text.as_bytes().to_vec(), format: TEXT };
        Store {
            resources: fixed.iter().map(|(name, text)| (path_of(name), of(text))).collect(),
            fixed: fixed.iter().map(|(name, _)| path_of(name)).collect(),
            posted: 0,
        }
    }

    fn put(&mut self, path: Path, request: &Packet) {
        let formats = values(request, CoapOption::ContentFormat);
        let format = formats.first().map_or(TEXT, |bytes| number(bytes) as u16);
        self.resources.insert(path, Stored { payload: request.payload.clone(), format });
    }

    fn handle(&mut self, method: &RequestType, request: &Packet, path: Path) -> Answer {
        let current = self.resources.get_mut(&path);
        if !conditions(request, current.as_deref()) {
            return only(ResponseType::PreconditionFailed);
        }
        match (method, current) {
            (RequestType::Put, current) => {
                let code =
                    if current.is_some() { ResponseType::Changed } else { ResponseType::Created };
                self.put(path, request);
                only(code)
            }
            (RequestType::Delete, _) => {
                if !self.fixed.contains(&path) {
                    self.resources.remove(&path);
                }
                only(ResponseType::Deleted)
            }
            (_, None) => only(ResponseType::NotFound),
            (RequestType::Get, Some(stored)) => content(request, &stored.payload, stored.format),
            (RequestType::Post, Some(_)) if path == path_of("test") => {
                self.posted += 1;
                let place = path_of(&format!("location1/location2/{}", self.posted));
                self.put(place.clone(), request);
                Answer {
                    options: vec![(CoapOption::LocationPath, place)],
                    ..only(ResponseType::Created)
                }
            }
            (RequestType::Post, Some(stored)) => {
                stored.payload.extend(&request.payload);
                only(ResponseType::Changed)
            }
            _ => only(ResponseType::MethodNotAllowed),
        }
    }
}

/// All that is served.
struct Site {
    store: Mutex<Store>,
    large: String,
    started: Instant,
}

const DIRECTORY: &str =
    "</test>,</validate>,</separate>,</query>,</path>,</path/sub1>,</path/sub2>,\
    </seg1/seg2/seg3>,</multi-format>,</location-query>,</large>;sz=1920,</large-update>;sz=1920,</obs>;obs";

impl Site {
    /// What is at a place that can only be read; None where it is not such a place.
    fn readable(&self, request: &Packet, path: &[Vec<u8>]) -> Option<Answer> {
        let joined = if path.iter().any(|segment| segment.contains(&b'/')) {
            Vec::new()
        } else {
            path.join(&b'/')
        };
        let text = |text: &str| content(request, text.as_bytes(), TEXT);
        Some(match joined.as_slice() {
            b"separate" => text("what took a while"),
            b"query" => content(request, &values(request, CoapOption::UriQuery).join(&b'&'), TEXT),
            b"path" => content(request, b"</path/sub1>,</path/sub2>", LINKS),
            b"path/sub1" => text("sub1"),
            b"path/sub2" => text("sub2"),
            b"seg1/seg2/seg3" => text("three segments"),
            b"multi-format" => {
                match values(request, CoapOption::Accept).first().map(|accept| number(accept)) {
                    Some(accept) if accept == u64::from(XML) => {
                        content(request, b"<text>one of two formats</text>", XML)
                    }
                    _ => text("one of two formats"),
                }
            }
            b"large" => text(&self.large),
            // It changes every five seconds.
            b"obs" => text(&format!("tick {}", self.started.elapsed().as_secs() / 5)),
            b".well-known/core" => content(request, DIRECTORY.as_bytes(), LINKS),
            _ => return None,
        })
    }

    async fn answer(&self, method: &RequestType, request: &Packet) -> Answer {
        let path = values(request, CoapOption::UriPath);
        if path == path_of("location-query") {
            let queries = vec![b"first=1".to_vec(), b"second=2".to_vec()];
            return match method {
                RequestType::Post => Answer {
                    options: vec![(CoapOption::LocationQuery, queries)],
                    ..only(ResponseType::Created)
                },
                _ => only(ResponseType::MethodNotAllowed),
            };
        }
        match self.readable(request, &path) {
            Some(_) if *method != RequestType::Get => only(ResponseType::MethodNotAllowed),
            Some(answer) => {
                if path == path_of("separate") {
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
                answer
            }
            None => self.store.lock().expect("nobody panics with it").handle(method, request, path),
        }
    }

    async fn respond(self: Arc<Site>, mut request: Request) -> Request {
        let method = match request.message.header.code {
            MessageClass::Request(method) => method,
            _ => RequestType::UnKnown,
        };
        let answer = self.answer(&method, &request.message).await;
        if let Some(response) = &mut request.response {
            response.set_status(answer.code);
            for (option, values) in answer.options {
                response.message.set_option(option, LinkedList::from_iter(values));
            }
            response.message.payload = answer.payload;
        }
        request
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [address, port, credentials @ ..] = arguments.as_slice() else {
        return Err("usage: coapspec-coap-rs ADDRESS PORT [psk=FILE] [certificate=CHAIN key=KEY [demand=CA]]".into());
    };
    let given: HashMap<&str, &str> =
        credentials.iter().filter_map(|word| word.split_once('=')).collect();
    let place = SocketAddr::new(address.parse()?, port.parse()?);
    let mut listeners: Vec<Box<dyn Listener>> = vec![Box::new(UdpCoapListener::new(place)?)];
    if let Some(config) = secure::security(&given)? {
        let place = SocketAddr::new(place.ip(), place.port() + 1);
        listeners.push(Box::new(secure::Dtls { place, config }));
    }
    let large: String = (0..80).map(|line| format!("line {line:03} of a large one\n")).collect();
    let site =
        Arc::new(Site { store: Mutex::new(Store::new(&large)), large, started: Instant::now() });
    Server::from_listeners(listeners).run(move |request| site.clone().respond(request)).await?;
    Ok(())
}
