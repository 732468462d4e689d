//! Takes nothing; gives how much of everything AWS lets an account have, and says when it has that much. Never lets a test believe that
//! AWS can be asked for more: no quota of traffic mirroring is adjustable. They are values so that a test can make them small.
//!
//! Source: Traffic Mirroring guide (2026), "Traffic Mirroring quotas"; codes: "Error codes for the Amazon EC2 API".

use crate::error::ApiError;
use crate::unknowns::{QuotaScope, Standing};
use crate::world::World;

/// How much there can be. The default is AWS's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quotas {
    /// Sessions of the account: 10,000, or `TrafficMirrorSessionLimitExceeded`.
    pub sessions: usize,
    /// Targets of the account: 10,000, or `TrafficMirrorTargetLimitExceeded`.
    pub targets: usize,
    /// Filters of the account: 10,000, or `TrafficMirrorFilterLimitExceeded`.
    pub filters: usize,
    /// Rules of a filter: 10, or `TrafficMirrorFilterRuleLimitExceeded`.
    pub rules_per_filter: usize,
    /// Sessions of a source: 3, or `TrafficMirrorSessionsPerInterfaceLimitExceeded`.
    pub sessions_per_interface: usize,
    /// Sources before an interface: 10, or `TrafficMirrorSourcesPerTargetLimitExceeded`.
    pub sources_per_interface_target: usize,
    /// Sources before an interface of one of the largest instances: 100, or the same error.
    pub sources_per_large_interface_target: usize,
}

impl Default for Quotas {
    fn default() -> Self {
        Self {
            sessions: 10_000,
            targets: 10_000,
            filters: 10_000,
            rules_per_filter: 10,
            sessions_per_interface: 3,
            sources_per_interface_target: 10,
            sources_per_large_interface_target: 100,
        }
    }
}

/// What is counted per account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Counted {
    Sessions,
    Targets,
    Filters,
}

impl World {
    /// Whether the account has room for one more.
    pub(crate) fn check_room_for(&self, counted: Counted) -> Result<(), ApiError> {
        let elsewhere = match self.unknowns.quota_scope {
            QuotaScope::PerRegion => Standing::default(),
            QuotaScope::AllRegions(standing) => standing,
        };
        let account = &self.account;
        let Quotas { sessions, targets, filters, .. } = self.quotas;
        let (here, elsewhere, most, code) = match counted {
            Counted::Sessions => {
                (self.sessions.owned_by(account), elsewhere.sessions, sessions, "TrafficMirrorSessionLimitExceeded")
            }
            Counted::Targets => {
                (self.targets.owned_by(account), elsewhere.targets, targets, "TrafficMirrorTargetLimitExceeded")
            }
            Counted::Filters => {
                (self.filters.owned_by(account), elsewhere.filters, filters, "TrafficMirrorFilterLimitExceeded")
            }
        };
        if here.saturating_add(elsewhere) < most {
            return Ok(());
        }
        Err(ApiError::new(code, format!("The maximum of {most} per account has been reached")))
    }
}
