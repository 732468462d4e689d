//! Takes the SDK's standard environment once; gives AWS in as many places as are asked for: as whoever the credentials at hand are, or as a
//! role. Never assumes a role before the first call there.

use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::identity::IdentityCache;
use aws_config::sts::AssumeRoleProvider;
use aws_credential_types::provider::SharedCredentialsProvider;
use mirror_core::cloud::CloudError;
use mirror_core::ids::Region;
use mirror_core::policy::Role;

use crate::{CALL_TIMEOUT, Options, Sdk, errors, http, loader};

/// How long before its end a role's session is taken anew, up to half of it less by chance. Longer than a call and a clock that is off may
/// take, so that none is signed with keys that end on the way. A session lasts an hour unless it is asked otherwise. Source: "AssumeRole",
/// AWS STS API Reference.
const BEFORE_THE_END: Duration = Duration::from_mins(5);

/// How long a session's name may be. Source: the same, `RoleSessionName`: letters, digits and `_+=,.@-`, which an owner's name has.
const LONGEST_SESSION_NAME: usize = 64;

/// The environment: credentials, and a Region if one is set.
#[derive(Clone, Debug)]
pub struct Ambient {
    config: SdkConfig,
}

impl Ambient {
    /// Reads the environment, and asks at most the instance's metadata, for the Region. Credentials are looked for by the first call, and
    /// kept until shortly before they expire.
    pub async fn load(options: Options) -> Self {
        let http = http::client(options.endpoint.is_none());
        Self::of(loader(options, http).load().await)
    }

    pub(crate) fn of(config: SdkConfig) -> Self {
        Self { config }
    }

    /// The Region at hand.
    ///
    /// # Errors
    ///
    /// `NoRegion` when neither the options nor the environment name one.
    pub fn region(&self) -> Result<Region, CloudError> {
        self.config.region().map(|region| region.as_ref().into()).ok_or_else(errors::no_region)
    }

    /// AWS in the Region at hand, as whoever the credentials at hand are.
    ///
    /// # Errors
    ///
    /// `NoRegion`, as above.
    pub fn here(&self) -> Result<Sdk, CloudError> {
        Ok(Sdk::new(&self.config, self.region()?))
    }

    /// AWS in this Region, as this role in the name of this owner, or as whoever the credentials at hand are.
    pub async fn at(&self, region: &Region, role: Option<&Role>, owner: &str) -> Sdk {
        let config = self.config.to_builder().region(aws_config::Region::new(region.to_string())).build();
        let Some(Role { arn, external_id }) = role else { return Sdk::new(&config, region.clone()) };
        let provider = AssumeRoleProvider::builder(arn).configure(&config).session_name(session_name(owner));
        let provider = match external_id {
            Some(id) => provider.external_id(id),
            None => provider,
        };
        let provider = SharedCredentialsProvider::new(provider.build().await);
        // A cache of its own: one for all places would throw out some where there are many. It may wait as long as the call that wants it.
        let cache = IdentityCache::lazy().buffer_time(BEFORE_THE_END).load_timeout(CALL_TIMEOUT).build();
        let config = config.into_builder().credentials_provider(provider).identity_cache(cache).build();
        Sdk::new(&config, region.clone())
    }
}

/// What CloudTrail of the role's account calls us.
fn session_name(owner: &str) -> String {
    format!("vpc-mirror-{owner}").chars().take(LONGEST_SESSION_NAME).collect()
}
