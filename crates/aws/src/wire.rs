//! Takes what carries requests in place of a network; gives the SDK on it: everything that it does with a call but open a socket. Never
//! waits by the machine's clock: whoever carries the requests has a time of his own.

use std::fmt::Debug;
use std::future::Future;
use std::io;
use std::pin::Pin;

use aws_config::identity::IdentityCache;
use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_ec2::config::http::{HttpRequest, HttpResponse};
use aws_sdk_ec2::config::{Credentials, SharedHttpClient};
use aws_sdk_ec2::error::ConnectorError;
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn};
use mirror_core::ids::Region;

use crate::{Keys, Sdk};

/// An answer on its way; none where it is lost.
pub type Carried = Pin<Box<dyn Future<Output = Option<http::Response<Vec<u8>>>> + Send>>;

/// What carries requests in place of a network.
pub trait Wire: Debug + Send + Sync + 'static {
    /// Carries one request, and its answer.
    fn carry(&self, request: http::Request<Vec<u8>>) -> Carried;
}

impl Sdk {
    /// AWS behind a wire, as the one who has these keys. There are no timeouts: an answer that does not come is for the wire to report.
    pub fn over(wire: impl Wire, region: Region, keys: Keys) -> Self {
        let Keys { id, secret } = keys;
        let credentials = Credentials::new(id, secret, None, None, "vpc-mirror");
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(aws_config::Region::new(region.to_string()))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .identity_cache(IdentityCache::no_cache())
            .http_client(client(wire))
            .retry_config(RetryConfig::disabled())
            .timeout_config(TimeoutConfig::disabled())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .build();
        Self::new(&config, region)
    }
}

fn client(wire: impl Wire) -> SharedHttpClient {
    let connector = SharedHttpConnector::new(Connector(wire));
    http_client_fn(move |_, _| connector.clone())
}

/// The wire as the SDK sees it.
#[derive(Debug)]
struct Connector<W>(W);

impl<W: Wire> HttpConnector for Connector<W> {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let carried = match whole(request) {
            Ok(request) => self.0.carry(request),
            Err(error) => return HttpConnectorFuture::ready(Err(error)),
        };
        HttpConnectorFuture::new(async move {
            let lost = || ConnectorError::timeout(Box::new(io::Error::from(io::ErrorKind::TimedOut)));
            let response = carried.await.ok_or_else(lost)?;
            HttpResponse::try_from(response.map(Into::into)).map_err(|error| ConnectorError::user(Box::new(error)))
        })
    }
}

/// A request with its whole body: of ours, none is a stream.
fn whole(request: HttpRequest) -> Result<http::Request<Vec<u8>>, ConnectorError> {
    let request = request.try_into_http1x().map_err(|error| ConnectorError::user(Box::new(error)))?;
    Ok(request.map(|body| body.bytes().map(<[u8]>::to_vec).unwrap_or_default()))
}
