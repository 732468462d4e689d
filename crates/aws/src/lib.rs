//! Takes the SDK's standard environment, or what the caller sets instead; gives the cloud's edge over the AWS SDK: a query or a step
//! is exactly one call, translated. Never decides, waits or tries again: the round does.

mod ambient;
mod apply;
mod balancing;
mod directory;
mod errors;
mod fields;
mod groups;
mod http;
mod read;
#[cfg(test)]
mod tests;
mod translate;
mod whole;
mod wire;

use std::fmt;
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, ConfigLoader, SdkConfig};
use aws_sdk_ec2::config::{Credentials, FrameworkMetadata, SharedHttpClient};
use mirror_core::cloud::{Action, Cloud, CloudError, Outcome, Page, Query, Step};
use mirror_core::ids::Region;

pub use self::ambient::Ambient;
use self::whole::Whole;
pub use self::wire::{Carried, Wire};

/// How long a connection may take to stand. Endpoints of a Region are milliseconds away: who has not answered by then is not there.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// How long a call may take, credentials and the answer's last byte included. A page of 1000 instances takes EC2 a few seconds;
/// longer than this, and a round would be late for everything else that it has to read.
const CALL_TIMEOUT: Duration = Duration::from_secs(20);

/// How long a call that changes something may take. Shorter, for whoever leads by a lease begins none that the lease may not outlast. What is
/// not answered by then may have been done: the next round sees, and a create is sent again with its own token.
pub const STEP_TIMEOUT: Duration = Duration::from_secs(10);

/// What to use instead of what the environment says. The default leaves everything to it: variables, profiles, web identity, the
/// container's credentials (EKS Pod Identity), the instance's.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The Region.
    pub region: Option<Region>,
    /// The URL of whatever answers in place of AWS, for every service.
    pub endpoint: Option<String>,
    /// Credentials.
    pub keys: Option<Keys>,
}

/// An access key.
#[derive(Clone)]
pub struct Keys {
    /// Its id.
    pub id: String,
    /// Its secret.
    pub secret: String,
}

impl fmt::Debug for Keys {
    /// Without the secret: options are logged.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys").field("id", &self.id).finish_non_exhaustive()
    }
}

/// AWS, in one Region, as one caller.
#[derive(Clone, Debug)]
pub struct Sdk {
    ec2: aws_sdk_ec2::Client,
    /// For what changes something.
    steps: aws_sdk_ec2::Client,
    sts: aws_sdk_sts::Client,
    elb: aws_sdk_elasticloadbalancingv2::Client,
    classic: aws_sdk_elasticloadbalancing::Client,
    waf: aws_sdk_wafv2::Client,
    tagging: aws_sdk_resourcegroupstagging::Client,
    region: Region,
    /// Where the calls go, for whoever reads that nobody answered there.
    place: String,
}

impl Sdk {
    /// AWS where the environment is, or where the options say otherwise: [`Ambient::here`].
    ///
    /// # Errors
    ///
    /// `NoRegion` when neither the options nor the environment name a Region.
    pub async fn connect(options: Options) -> Result<Self, CloudError> {
        Ambient::load(options).await.here()
    }

    fn new(config: &SdkConfig, region: Region) -> Self {
        let place = config.endpoint_url().map_or_else(|| format!("AWS in `{region}`"), |url| format!("`{url}`"));
        let ec2 = aws_sdk_ec2::config::Builder::from(config).interceptor(Whole);
        // Who has no timeouts has none for these either.
        let bounded = config.timeout_config().filter(|timeouts| timeouts.operation_timeout().is_some());
        let shorter = bounded.map(|timeouts| timeouts.to_builder().operation_timeout(STEP_TIMEOUT).build());
        let steps = shorter.map_or_else(|| ec2.clone(), |shorter| ec2.clone().timeout_config(shorter)).build();
        let (ec2, steps) = (ec2.build(), aws_sdk_ec2::Client::from_conf(steps));
        let sts = aws_sdk_sts::config::Builder::from(config).interceptor(Whole).build();
        let elb = aws_sdk_elasticloadbalancingv2::config::Builder::from(config).interceptor(Whole).build();
        let elb = aws_sdk_elasticloadbalancingv2::Client::from_conf(elb);
        let classic = aws_sdk_elasticloadbalancing::config::Builder::from(config).interceptor(Whole).build();
        let classic = aws_sdk_elasticloadbalancing::Client::from_conf(classic);
        // JSON, of which the SDK's decoder gives nothing unless it is whole.
        let tagging = aws_sdk_resourcegroupstagging::Client::new(config);
        let waf = aws_sdk_wafv2::Client::new(config);
        let (ec2, sts) = (aws_sdk_ec2::Client::from_conf(ec2), aws_sdk_sts::Client::from_conf(sts));
        Self { ec2, steps, sts, elb, classic, waf, tagging, region, place }
    }

    /// The Region that is asked.
    pub fn region(&self) -> &Region {
        &self.region
    }

    /// The error of a call that this made.
    fn failed<E: errors::Answered>(&self, action: Action, error: errors::SdkError<E>) -> CloudError {
        errors::failed(action, &self.place, &error)
    }
}

impl Cloud for Sdk {
    async fn read(&self, query: &Query) -> Result<Page, CloudError> {
        read::read(self, query).await
    }

    async fn apply(&self, step: &Step) -> Result<Outcome, CloudError> {
        apply::apply(self, step).await
    }
}

/// The SDK's environment, as this crate wants it: one attempt per call, bounded in time, under our name in CloudTrail.
fn loader(options: Options, http: SharedHttpClient) -> ConfigLoader {
    let timeouts = TimeoutConfig::builder().connect_timeout(CONNECT_TIMEOUT).operation_timeout(CALL_TIMEOUT).build();
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .http_client(http)
        .retry_config(RetryConfig::disabled())
        .timeout_config(timeouts)
        // The call's timeout bounds a stalled answer too; a second bound would only be a second name for the same failure.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
    // Fails for characters that no version of ours has, and then only the name is missing from the user agent. The application's name
    // stays free for whoever runs us: AWS_SDK_UA_APP_ID.
    if let Ok(name) = FrameworkMetadata::new("vpc-mirror", Some(env!("CARGO_PKG_VERSION"))) {
        loader = loader.framework_metadata(name);
    }
    if let Some(region) = options.region {
        loader = loader.region(aws_config::Region::new(region.to_string()));
    }
    if let Some(url) = options.endpoint {
        loader = loader.endpoint_url(url);
    }
    if let Some(Keys { id, secret }) = options.keys {
        loader = loader.credentials_provider(Credentials::new(id, secret, None, None, "vpc-mirror"));
    }
    loader
}
