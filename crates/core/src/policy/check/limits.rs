//! Takes the limits as they are written; gives them in numbers. Never asks whether they make sense together: the least important goes
//! without, whichever limit is met first.

use super::Check;
use crate::limits::SESSIONS_PER_ACCOUNT;
use crate::policy::Limits;
use crate::policy::decode::Spanned;
use crate::policy::file::LimitsEntry;

impl Check {
    pub(super) fn limits(&mut self, entry: LimitsEntry) -> Limits {
        let LimitsEntry {
            max_sessions,
            max_monthly_usd,
            max_losses,
            new_sources_per_hour,
            api_share,
            widen_over_busy_ports,
        } = entry;
        let usual = Limits::default();
        if let Some(sessions) = max_sessions.as_ref().filter(|it| it.value > SESSIONS_PER_ACCOUNT) {
            let message = format!(
                "maxSessions is {}: AWS allows {SESSIONS_PER_ACCOUNT} in an account, write no more",
                sessions.value
            );
            self.mistake(sessions.referenced, message);
        }
        if let Some(usd) = max_monthly_usd.as_ref().filter(|usd| !usd.value.is_finite() || usd.value < 0.0) {
            let message = format!("maxMonthlyUsd is {}: write a sum of US dollars, such as `2500`", usd.value);
            self.mistake(usd.referenced, message);
        }
        if let Some(none) = new_sources_per_hour.as_ref().filter(|it| it.value == 0) {
            self.mistake(none.referenced, "newSourcesPerHour is 0: write 1 or more, or `paused: true` for none");
        }
        Limits {
            max_sessions: max_sessions.map(|it| it.value),
            max_monthly_usd: max_monthly_usd.map(|it| it.value),
            max_losses: self.share("maxLosses", max_losses, true).unwrap_or(usual.max_losses),
            new_sources_per_hour: new_sources_per_hour.map(|it| it.value),
            api_share: self.share("apiShare", api_share, false).unwrap_or(usual.api_share),
            widen_over_busy_ports,
        }
    }

    /// A percentage as a number up to 1; none where there is none, or where it is refused.
    fn share(&mut self, field: &str, share: Option<Spanned<String>>, may_be_zero: bool) -> Option<f64> {
        let share = share?;
        let percent = share.value.strip_suffix('%').and_then(|number| number.trim().parse::<f64>().ok());
        let allowed = |percent: &f64| (0.0..=100.0).contains(percent) && (may_be_zero || *percent > 0.0);
        let percent = percent.filter(allowed);
        if percent.is_none() {
            let least = if may_be_zero { "at least 0%" } else { "more than 0%" };
            let message = format!("{field} is `{}`: write {least} and at most 100%, such as `10%`", share.value);
            self.mistake(share.referenced, message);
        }
        percent.map(|percent| percent / 100.0)
    }
}
