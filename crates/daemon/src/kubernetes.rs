//! Takes a Kubernetes cluster; reads and writes the one Lease by compare and swap. Never decides who leads, and never waits: whoever asks
//! bounds the time.

use std::sync::{Mutex, PoisonError};

use anyhow::{Context, anyhow};
use jiff::SignedDuration;
use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::api::core::v1::ObjectReference;
use k8s_openapi::api::events::v1::Event;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use kube::api::{Api, ObjectMeta, PostParams};
use kube::{Client, Config, Error};
use mirror_core::Time;
use mirror_core::lease::{Answer, Ask, Record, Versioned};

use crate::announce::{Announcement, Events};
use crate::campaign::Leases;

/// A Lease object.
pub struct KubernetesLease {
    api: Api<Lease>,
    events: Api<Event>,
    name: String,
    namespace: String,
    /// What this process is called in it, and in events.
    me: String,
    /// What was read last: labels and owners of others stay when it is replaced.
    read: Mutex<Option<Lease>>,
}

impl KubernetesLease {
    /// The one of that name, in the namespace that is named, or else in that of the pod or of the kubeconfig.
    ///
    /// # Errors
    ///
    /// When there is neither a pod's configuration nor a kubeconfig, or one that nobody can read.
    pub async fn connect(name: String, namespace: Option<String>, me: String) -> anyhow::Result<Self> {
        let config = Config::infer().await.context(
            "--leader-election=lease needs a cluster, and there is neither a pod's configuration nor a kubeconfig: run it there, or with \
             --leader-election=off",
        )?;
        let namespace = namespace.unwrap_or_else(|| config.default_namespace.clone());
        let client = Client::try_from(config).context("the cluster's configuration is of no use")?;
        let (events, api) = (Api::namespaced(client.clone(), &namespace), Api::namespaced(client, &namespace));
        Ok(Self { api, events, name, namespace, me, read: Mutex::new(None) })
    }

    fn lease(&self, record: &Record, version: Option<&str>) -> Lease {
        let read = self.read.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let kept = read.filter(|_| version.is_some()).map(|lease| lease.metadata).unwrap_or_default();
        let metadata = ObjectMeta {
            name: Some(self.name.clone()),
            namespace: Some(self.namespace.clone()),
            resource_version: version.map(str::to_owned),
            ..kept
        };
        let spec = LeaseSpec {
            holder_identity: record.holder.clone().or(Some(String::new())),
            lease_duration_seconds: i32::try_from(record.lasts.as_secs()).ok(),
            lease_transitions: Some(record.transitions),
            acquire_time: record.acquired.and_then(written),
            renew_time: record.renewed.and_then(written),
            ..LeaseSpec::default()
        };
        Lease { metadata, spec: Some(spec) }
    }

    fn says(&self, lease: Lease) -> anyhow::Result<Answer> {
        let version = lease.metadata.resource_version.clone();
        let version = version.with_context(|| format!("the lease {}/{} has no version", self.namespace, self.name))?;
        let record = record(lease.spec.as_ref());
        *self.read.lock().unwrap_or_else(PoisonError::into_inner) = Some(lease);
        Ok(Answer::Says(Versioned { record, version }))
    }

    /// What an error means to whoever runs this.
    fn failed(&self, verb: &str, error: Error) -> anyhow::Error {
        let Self { name, namespace, .. } = self;
        match &error {
            Error::Api(status) if status.code == 403 => anyhow!(
                "its service account may not {verb} the Lease {name} in the namespace {namespace}: grant get, create and update on leases \
                 of the API group coordination.k8s.io there, by a Role and a RoleBinding ({})",
                status.message
            ),
            Error::Api(status) if status.code == 401 => {
                anyhow!(
                    "the API server does not know who asks: is its token for this cluster, and not expired? ({})",
                    status.message
                )
            }
            _ => anyhow::Error::new(error).context(format!("{verb} Lease {namespace}/{name}")),
        }
    }
}

impl Leases for KubernetesLease {
    async fn ask(&self, ask: &Ask) -> anyhow::Result<Answer> {
        let params = PostParams::default();
        let (verb, answer) = match ask {
            Ask::Wait(_) => return Ok(Answer::Failed),
            Ask::Read => ("get", self.api.get(&self.name).await),
            Ask::Create(record) => ("create", self.api.create(&params, &self.lease(record, None)).await),
            Ask::Replace(record, version) => {
                ("update", self.api.replace(&self.name, &params, &self.lease(record, Some(version))).await)
            }
        };
        match answer {
            Ok(lease) => self.says(lease),
            Err(Error::Api(status)) if status.code == 404 && !matches!(ask, Ask::Create(_)) => Ok(Answer::Missing),
            Err(Error::Api(status)) if status.code == 409 => Ok(Answer::Conflict),
            Err(error) => Err(self.failed(verb, error)),
        }
    }
}

/// The longest that an event's note and the name of who reports it may be. Source: k8s.io/kubernetes `pkg/apis/core/validation/events.go`.
const LONGEST_NOTE: usize = 1024;
const LONGEST_INSTANCE: usize = 128;

/// As much of a note as an event takes, in bytes.
fn shortened(note: &str) -> String {
    if note.len() <= LONGEST_NOTE {
        return note.to_owned();
    }
    let mark = "…";
    let end = note.floor_char_boundary(LONGEST_NOTE - mark.len());
    format!("{}{mark}", note.get(..end).unwrap_or_default())
}

/// Events about the Lease: it is the one object that stays while pods come and go, and `kubectl describe lease` shows them. One for each
/// announcement, and no series of them: a series keeps the note of its first event, and each of ours says something else.
impl Events for KubernetesLease {
    async fn write(&self, Announcement { news, note }: &Announcement) -> anyhow::Result<()> {
        let uid =
            self.read.lock().unwrap_or_else(PoisonError::into_inner).as_ref().and_then(|it| it.metadata.uid.clone());
        let lease = ObjectReference {
            api_version: Some("coordination.k8s.io/v1".into()),
            kind: Some("Lease".into()),
            name: Some(self.name.clone()),
            namespace: Some(self.namespace.clone()),
            uid,
            ..ObjectReference::default()
        };
        let event = Event {
            metadata: ObjectMeta { generate_name: Some(format!("{}-", self.name)), ..ObjectMeta::default() },
            event_time: written(Time::now()),
            type_: Some(if news.is_warning() { "Warning" } else { "Normal" }.into()),
            reason: Some(news.to_string()),
            action: Some("Reconcile".into()),
            note: Some(shortened(note)),
            regarding: Some(lease),
            reporting_controller: Some("vpc-mirror".into()),
            reporting_instance: Some(self.me.chars().take(LONGEST_INSTANCE).collect()),
            ..Event::default()
        };
        match self.events.create(&PostParams::default(), &event).await {
            Ok(_) => Ok(()),
            Err(Error::Api(status)) if status.code == 403 => Err(anyhow!(
                "its service account may not create events in the namespace {}: grant create on events of the API group events.k8s.io \
                 there ({})",
                self.namespace,
                status.message
            )),
            Err(error) => Err(anyhow::Error::new(error).context("create an event")),
        }
    }
}

/// What a lease says. One that says nothing of how long it lasts has lapsed.
fn record(spec: Option<&LeaseSpec>) -> Record {
    let Some(spec) = spec else { return Record::default() };
    Record {
        holder: spec.holder_identity.clone().filter(|holder| !holder.is_empty()),
        lasts: SignedDuration::from_secs(spec.lease_duration_seconds.unwrap_or_default().into()),
        transitions: spec.lease_transitions.unwrap_or_default(),
        acquired: spec.acquire_time.as_ref().and_then(read),
        renewed: spec.renew_time.as_ref().and_then(read),
    }
}

/// Kubernetes' client has a time of its own; it writes millionths of a second.
fn written(time: Time) -> Option<MicroTime> {
    k8s_openapi::jiff::Timestamp::from_microsecond(time.as_microsecond()).ok().map(MicroTime)
}

fn read(time: &MicroTime) -> Option<Time> {
    Time::from_microsecond(time.0.as_microsecond()).ok()
}

/// What this process is called in the lease: the machine, as the pod's name is, and what no other life of it is called.
pub fn identity() -> String {
    let host = std::env::var("HOSTNAME").ok().filter(|host| !host.is_empty());
    let host = host.or_else(|| Some(std::fs::read_to_string("/etc/hostname").ok()?.trim().to_owned()));
    let life = format!("{}-{}", std::process::id(), Time::now().as_nanosecond());
    format!("{}_{life}", host.unwrap_or_else(|| "vpc-mirror".into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_that_is_too_long_for_an_event_ends_between_two_characters() {
        assert_eq!(shortened("short"), "short");
        let long = shortened(&"ä".repeat(1000));
        assert!(long.len() <= LONGEST_NOTE && long.len() > LONGEST_NOTE - 4 && long.ends_with("ä…"), "{}", long.len());
    }
}
