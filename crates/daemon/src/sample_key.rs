//! Takes where the key of samples is; gives a policy that has it, or says how to give one. Never shows anything of it: it is no flag's
//! value, which every process of the machine could read, and no part of the policy.

use std::path::Path;

use anyhow::{Context, bail};
use mirror_core::policy::{Choice, Policy, SampleKey};

/// The variable that may have the key itself.
const VARIABLE: &str = "VPC_MIRROR_SAMPLE_KEY";

/// The key in a file, or in the variable; none where there is neither.
///
/// # Errors
///
/// When there are both, when the file cannot be read, or when it is too short to be one.
pub fn sample_key(file: Option<&Path>) -> anyhow::Result<Option<SampleKey>> {
    let (secret, place) = match (file, std::env::var_os(VARIABLE)) {
        (None, None) => return Ok(None),
        (Some(_), Some(_)) => bail!("the sample key is in a file and in {VARIABLE}: give one of them"),
        (Some(file), None) => {
            let place = file.display().to_string();
            (std::fs::read(file).with_context(|| format!("cannot read the sample key {place}"))?, place)
        }
        (None, Some(secret)) => (secret.into_encoded_bytes(), VARIABLE.to_owned()),
    };
    Ok(Some(SampleKey::new(&secret).with_context(|| place)?))
}

/// The policy with the key to draw its samples with.
///
/// # Errors
///
/// When it draws any and there is no key: whoever knew the key could tell who is watched, so that none is made up.
pub fn keyed(policy: Policy, key: Option<&SampleKey>) -> Result<Policy, String> {
    let samples = policy.strategies.iter().find(|strategy| matches!(strategy.choice, Choice::Sample(_)));
    match (samples, key) {
        (Some(strategy), None) => Err(format!(
            "strategy `{}` draws a sample, and there is no key to draw with: write `openssl rand -base64 32` into a file and name it with \
             --sample-key-file, or into {VARIABLE}",
            strategy.name
        )),
        (_, key) => Ok(Policy { sample_key: key.cloned(), ..policy }),
    }
}

#[cfg(test)]
mod tests {
    use mirror_core::policy::parse;

    use super::*;

    fn policy() -> Policy {
        let text = "apiVersion: vpc-mirror/v1\nkind: Policy\nowner: o\nsensors: {s: {targets: [{existing: tmt-1}]}}\n\
                    strategies: [{name: spot-check, sample: {fraction: 0.5}}]\n";
        parse("p", text).unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn a_policy_that_draws_samples_is_refused_without_a_key_and_says_how_to_give_one() {
        let refused = keyed(policy(), None).unwrap_err();
        assert!(refused.contains("`spot-check`") && refused.contains("--sample-key-file"), "{refused}");
    }

    #[test]
    fn a_key_is_read_from_a_file_and_printed_nowhere() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "not a very random secret\n").unwrap();
        let key = sample_key(Some(file.path())).unwrap();
        let policy = keyed(policy(), key.as_ref()).unwrap();
        assert!(policy.sample_key.is_some());
        let printed = format!("{policy:?} {}", serde_json::to_string(&policy).unwrap());
        assert!(!printed.contains("random secret") && !printed.contains("sample_key\":"), "{printed}");
    }

    #[test]
    fn a_key_that_could_be_guessed_is_refused_with_its_place() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "short\n").unwrap();
        let refused = format!("{:#}", sample_key(Some(file.path())).unwrap_err());
        assert!(refused.contains(&file.path().display().to_string()) && refused.contains("5 bytes"), "{refused}");
    }
}
