//! Takes policies into which chance has written; gives sentences about what is said of any text.

use proptest::prelude::*;

use super::*;

/// What chance writes: what means something in YAML, what means something in a policy, and what people write by mistake.
const WORDS: [&str; 40] = [
    "[",
    "]",
    "{",
    "}",
    ":",
    ": ",
    ", ",
    "- ",
    "\n",
    "\n  ",
    "\t",
    "#",
    "&a ",
    "*a",
    "<<: *a",
    "!!int ",
    "|",
    "'",
    "\"",
    "---\n",
    "~",
    "null",
    "''",
    "-1",
    "+5",
    "1e30",
    "inf",
    "NaN",
    "0x1f",
    "99999999999",
    "yes",
    "true",
    "off",
    "50%",
    "name",
    "importance: {}",
    "tags",
    "select",
    "tcp/22",
    "é",
];

fn edits() -> impl Strategy<Value = Vec<(prop::sample::Index, usize, prop::sample::Index)>> {
    prop::collection::vec((any::<prop::sample::Index>(), 0..12_usize, any::<prop::sample::Index>()), 1..5)
}

/// The text with some characters of it, at each of the places, replaced by a word.
fn edited(text: &str, edits: &[(prop::sample::Index, usize, prop::sample::Index)]) -> String {
    let mut text: Vec<char> = text.chars().collect();
    for (place, length, word) in edits {
        let from = place.index(text.len());
        let to = text.len().min(from + length);
        text.splice(from..to, word.get(&WORDS).chars());
    }
    text.into_iter().collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

    #[test]
    fn whatever_is_written_is_understood_or_refused_with_places_in_it(edits in edits()) {
        let text = edited(whole::EVERYTHING, &edits);
        if let Err(refused) = parse("p.yaml", &text) {
            prop_assert!(!refused.mistakes.is_empty());
            let lines = u64::try_from(text.lines().count()).unwrap();
            for mistake in refused.mistakes {
                prop_assert!((1..=lines + 1).contains(&mistake.line) && mistake.column >= 1, "{mistake:?} of\n{text}");
                prop_assert!(!mistake.message.contains("cannot be read"), "{mistake:?} of\n{text}");
            }
        }
    }
}
