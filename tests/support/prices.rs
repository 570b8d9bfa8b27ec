//! A price service on loopback: `/prices/COIN/CURRENCY` has the prices that the example responders
//! have in their code.

use std::net::SocketAddr;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

const PRICES: [(&str, &str); 9] = [
    ("ETHEREUM_ETH/BRL", "16500.00"),
    ("ETHEREUM_ETH/EUR", "2750.00"),
    ("ETHEREUM_ETH/USD", "3000.00"),
    ("SOLANA_SOL/BRL", "825.00"),
    ("SOLANA_SOL/EUR", "137.50"),
    ("SOLANA_SOL/USD", "150.00"),
    ("SOLANA_USDC/BRL", "5.55"),
    ("SOLANA_USDC/EUR", "0.93"),
    ("SOLANA_USDC/USD", "1.00"),
];

/// It lives as long as the runtime that it was started in.
pub(crate) struct Prices {
    pub(crate) address: SocketAddr,
}

impl Prices {
    /// Starts one.
    pub(crate) async fn start() -> Prices {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("its address");
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let http = hyper::server::conn::http1::Builder::new();
                tokio::spawn(http.serve_connection(TokioIo::new(stream), service_fn(answer)));
            }
        });
        Prices { address }
    }
}

async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, &'static str> {
    let path = request.uri().path();
    let pair = path.strip_prefix("/prices/").unwrap_or_default();
    let (status, body) = match PRICES.iter().find(|(name, _)| *name == pair) {
        Some((_, price)) => (200, format!(r#"{{"price":"{price}"}}"#)),
        None => (404, String::new()),
    };
    let response = Response::builder().status(status).body(Full::from(body));
    response.map_err(|_| "no such status")
}
