//! Takes whether the environment's proxies lead to the cloud; gives the HTTP client for everything that the SDK sends, credentials
//! included. Never brings a second TLS provider into the binary.

use aws_sdk_ec2::config::SharedHttpClient;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_http_client::{Builder, Connector};

/// The client that the SDK would build for itself, with ring where it would take aws-lc: HTTPS_PROXY, HTTP_PROXY and NO_PROXY hold,
/// connections are kept.
pub(crate) fn client(proxies: bool) -> SharedHttpClient {
    Builder::new().build_with_connector_fn(move |settings, components| {
        let mut connector = Connector::builder().tls_provider(Provider::Rustls(CryptoMode::Ring));
        connector.set_connector_settings(settings.cloned());
        connector.set_sleep_impl(components.and_then(|components| components.sleep_impl()));
        connector.set_proxy_config(proxies.then(ProxyConfig::from_env));
        connector.build()
    })
}
