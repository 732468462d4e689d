//! Takes the path of a policy file; gives each good policy that comes to stand there. Never gives a bad one: the last good one stays,
//! and what is wrong is said once.
//!
//! The content is looked at every few seconds, and not the file: Kubernetes changes a ConfigMap by pointing a symbolic link
//! (`..data`) at another folder, which shows on no time and no inode of the path that we were given. Source: Kubernetes documentation,
//! "Mounted ConfigMaps are updated automatically".

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use jiff::SignedDuration;
use mirror_core::Time;
use mirror_core::policy::{self, Policy, SampleKey};
use sha2::{Digest, Sha256};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tracing::{error, info};

use crate::clock::Clock;
use crate::records::Records;
use crate::sample_key::keyed;

/// How often the file is looked at. A kubelet takes up to a minute to bring a changed ConfigMap: these seconds are the least of it.
pub const EVERY: SignedDuration = SignedDuration::from_secs(2);

/// A policy file that is followed.
#[derive(Debug)]
pub struct PolicyFile {
    path: PathBuf,
    /// Whose objects this process keeps.
    owner: String,
    /// What samples are drawn with.
    key: Option<SampleKey>,
    /// What the file said last, good or bad, or why it could not be read.
    seen: Result<String, String>,
}

/// So many digits of a digest tell policies apart.
const DIGITS: usize = 12;

impl PolicyFile {
    /// Reads the file for the first time.
    ///
    /// # Errors
    ///
    /// When it cannot be read, anything in it is wrong, or it draws samples without a key: there is no good one yet that could stay.
    pub fn open(path: &Path, key: Option<SampleKey>) -> anyhow::Result<(Self, Policy)> {
        let file = path.display().to_string();
        let text = fs::read_to_string(path).with_context(|| format!("cannot read the policy {file}"))?;
        let policy = keyed(policy::parse(&file, &text)?, key.as_ref()).map_err(anyhow::Error::msg).context(file)?;
        Ok((Self { path: path.to_owned(), owner: policy.owner.clone(), key, seen: Ok(text) }, policy))
    }

    /// The first digits of the SHA-256 of what the file said last: those that `sha256sum` prints for it.
    fn digest(&self) -> String {
        let digest = Sha256::digest(self.seen.as_deref().unwrap_or_default());
        digest.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(|digit| format!("{digit:x}")).take(DIGITS).collect()
    }

    /// What the file says, if that is something new: a policy, or what is wrong with it, a line for each mistake.
    ///
    /// # Errors
    ///
    /// When it cannot be read, when anything in it is wrong, and when it has another owner: the objects of the first would be nobody's.
    fn look(&mut self) -> Option<Result<Policy, String>> {
        let file = self.path.display().to_string();
        // A small file, read every few seconds: no work for another thread.
        let text = fs::read_to_string(&self.path).map_err(|error| format!("cannot read the policy {file}: {error}"));
        if text == self.seen {
            return None;
        }
        self.seen = text.clone();
        Some(text.and_then(|text| {
            let policy = policy::parse(&file, &text).map_err(|error| error.to_string())?;
            let Self { owner, key, .. } = self;
            let policy = keyed(policy, key.as_ref()).map_err(|error| format!("{file}: {error}"))?;
            if policy.owner == *owner {
                return Ok(policy);
            }
            let other = &policy.owner;
            Err(format!(
                "{file}: the owner is `{other}`, and this process serves `{owner}`: restart it to serve another"
            ))
        }))
    }
}

/// Looks at the file until `stop`, and sends each good policy that is new.
pub async fn follow(
    mut file: PolicyFile,
    policies: watch::Sender<Arc<Policy>>,
    clock: &impl Clock,
    records: &Records,
    stop: &CancellationToken,
) {
    records.follows(&file.digest(), clock.now());
    loop {
        clock.sleep_until(clock.now().saturating_add(EVERY).unwrap_or(Time::MAX)).await;
        if stop.is_cancelled() {
            return;
        }
        match file.look() {
            None => {}
            Some(Ok(policy)) => {
                info!(file = %file.path.display(), "the policy has changed, and is followed");
                records.policy_changed(&file.digest(), clock.now());
                policies.send_replace(Arc::new(policy));
            }
            Some(Err(mistakes)) => {
                mistakes
                    .lines()
                    .for_each(|mistake| error!("the policy is refused, and the last good one stays: {mistake}"));
                records.policy_refused(&mistakes);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::os::unix::fs::symlink;
    use std::sync::Mutex;

    use super::*;

    /// Time that passes only when somebody waits. Each time something happens, and then somebody looks; in the end it is to stop.
    struct Script {
        now: Mutex<Time>,
        acts: Mutex<VecDeque<Box<dyn FnOnce() + Send>>>,
        stop: CancellationToken,
    }

    impl Clock for Script {
        fn now(&self) -> Time {
            *self.now.lock().unwrap()
        }

        async fn sleep_until(&self, at: Time) {
            *self.now.lock().unwrap() = at;
            let act = self.acts.lock().unwrap().pop_front();
            act.map_or_else(|| self.stop.cancel(), |act| act());
        }
    }

    fn policy(owner: &str, tag_key: &str) -> String {
        format!(
            "apiVersion: vpc-mirror/v1\nkind: Policy\nowner: {owner}\ntagKey: {tag_key}\n\
             sensors: {{sta: {{targets: [{{existing: tmt-1}}]}}}}\nstrategies: [{{name: jewel, importance: {{}}}}]\n"
        )
    }

    /// A folder as Kubernetes mounts it: `policy.yaml` leads through `..data` to the folder that counts.
    struct ConfigMap(tempfile::TempDir);

    impl ConfigMap {
        fn new(text: &str) -> Self {
            let folder = tempfile::TempDir::new().unwrap();
            symlink("..data/policy.yaml", folder.path().join("policy.yaml")).unwrap();
            Self::swap(folder.path(), "first", text);
            Self(folder)
        }

        fn swap(folder: &Path, name: &str, text: &str) {
            fs::create_dir(folder.join(name)).unwrap();
            fs::write(folder.join(name).join("policy.yaml"), text).unwrap();
            symlink(name, folder.join("..new")).unwrap();
            fs::rename(folder.join("..new"), folder.join("..data")).unwrap();
        }

        fn path(&self) -> PathBuf {
            self.0.path().join("policy.yaml")
        }
    }

    /// Follows the file while these things happen; gives the tag key of the policy that counts in the end, and the metrics.
    async fn followed(map: &ConfigMap, acts: Vec<Box<dyn FnOnce() + Send>>) -> (String, String) {
        let (file, first) = PolicyFile::open(&map.path(), None).unwrap();
        let stop = CancellationToken::new();
        let clock = Script { now: Mutex::new(Time::UNIX_EPOCH), acts: Mutex::new(acts.into()), stop: stop.clone() };
        let records = Records::new("role", crate::announce::Announcer::default());
        let (sender, policies) = watch::channel(Arc::new(first));
        follow(file, sender, &clock, &records, &stop).await;
        let counted = policies.borrow().tag_key.clone();
        (counted, records.metrics().unwrap())
    }

    fn swapped(map: &ConfigMap, name: &'static str, text: String) -> Box<dyn FnOnce() + Send> {
        let folder = map.0.path().to_owned();
        Box::new(move || ConfigMap::swap(&folder, name, &text))
    }

    fn nothing() -> Box<dyn FnOnce() + Send> {
        Box::new(|| {})
    }

    fn counted(metrics: &str, result: &str) -> u64 {
        let line = format!("vpc_mirror_policy_changes_total{{result=\"{result}\"}} ");
        metrics.lines().find_map(|it| it.strip_prefix(&line)?.parse().ok()).unwrap_or_default()
    }

    fn good(metrics: &str) -> bool {
        metrics.lines().any(|line| line == "vpc_mirror_policy_good 1")
    }

    #[tokio::test]
    async fn a_config_map_that_is_swapped_is_followed() {
        let map = ConfigMap::new(&policy("prod", "mirror"));
        let acts = vec![nothing(), swapped(&map, "second", policy("prod", "watch")), nothing()];
        let (tag_key, metrics) = followed(&map, acts).await;
        assert_eq!(tag_key, "watch");
        assert_eq!((counted(&metrics, "followed"), counted(&metrics, "refused"), good(&metrics)), (1, 0, true));
    }

    #[tokio::test]
    async fn a_policy_that_is_wrong_is_refused_once_and_the_last_good_one_stays() {
        let map = ConfigMap::new(&policy("prod", "mirror"));
        let wrong = policy("prod", "watch").replace("existing", "existng");
        let acts = vec![swapped(&map, "wrong", wrong), nothing(), nothing()];
        let (tag_key, metrics) = followed(&map, acts).await;
        assert_eq!(tag_key, "mirror");
        assert_eq!((counted(&metrics, "followed"), counted(&metrics, "refused"), good(&metrics)), (0, 1, false));
    }

    #[tokio::test]
    async fn what_was_wrong_and_is_put_right_is_followed_again() {
        let map = ConfigMap::new(&policy("prod", "mirror"));
        let acts =
            vec![swapped(&map, "wrong", "kind: Nothing".into()), swapped(&map, "right", policy("prod", "mirror"))];
        let (tag_key, metrics) = followed(&map, acts).await;
        assert_eq!((tag_key.as_str(), good(&metrics)), ("mirror", true));
    }

    #[tokio::test]
    async fn a_file_that_is_away_for_a_moment_is_no_other_policy() {
        let map = ConfigMap::new(&policy("prod", "mirror"));
        let (path, back) = (map.0.path().join("..data"), map.0.path().to_owned());
        let away: Box<dyn FnOnce() + Send> = Box::new(move || fs::remove_file(path).unwrap());
        let again: Box<dyn FnOnce() + Send> = Box::new(move || symlink("first", back.join("..data")).unwrap());
        let (tag_key, metrics) = followed(&map, vec![away, nothing(), again]).await;
        assert_eq!((tag_key.as_str(), counted(&metrics, "refused"), good(&metrics)), ("mirror", 1, true));
    }

    #[test]
    fn another_owner_is_refused_and_each_mistake_has_its_place() {
        let map = ConfigMap::new(&policy("prod", "mirror"));
        let (mut file, _) = PolicyFile::open(&map.path(), None).unwrap();
        ConfigMap::swap(map.0.path(), "other", &policy("staging", "mirror"));
        let refused = file.look().unwrap().unwrap_err();
        assert!(
            refused.ends_with("the owner is `staging`, and this process serves `prod`: restart it to serve another")
        );
        assert!(file.look().is_none(), "once");
        ConfigMap::swap(map.0.path(), "wrong", &policy("prod", "aws:mirror"));
        let refused = file.look().unwrap().unwrap_err();
        assert!(refused.contains("policy.yaml:4:9: tagKey must"), "{refused}");
    }
}
