//! Takes what is written and the schema; gives it in the schema's shape, and every place where it is not. Never stops at the first: what
//! does not fit is replaced by something that does, at no place, so that what it means can still be checked.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::mistake::{instead, nearest};
use super::tree::{Key, Location, Node, What};
use super::{Mistake, schema};

/// What is written, in the shape of a policy file; pushes what does not fit.
pub(super) fn fit(root: Node, mistakes: &mut Vec<Mistake>) -> Node {
    let schema = schema();
    Fitting { schema: &schema, mistakes }.node(root, &schema, "the policy")
}

struct Fitting<'a> {
    schema: &'a Value,
    mistakes: &'a mut Vec<Mistake>,
}

impl<'a> Fitting<'a> {
    fn mistake(&mut self, at: Location, message: String) {
        self.mistakes.push(Mistake { line: at.line(), column: at.column(), message });
    }

    /// A node in the shape of a schema; `name` is what it is called in mistakes.
    fn node(&mut self, node: Node, schema: &'a Value, name: &str) -> Node {
        let ways = self.ways(schema);
        let kind = match &node.what {
            What::Nothing => "",
            What::Text(_) => "text",
            What::List(_) => "a list",
            What::Map(_) => "a map",
        };
        let Some(way) = ways.iter().copied().find(|way| takes(way) == kind) else {
            let wanted: BTreeSet<&str> = ways.iter().map(|way| written(way)).collect();
            let wanted = wanted.into_iter().collect::<Vec<_>>().join(", or ");
            let found = if kind.is_empty() { "empty" } else { kind };
            self.mistake(node.at, format!("{name} is {found}: write {wanted}"));
            return self.placeholder(schema);
        };
        let Node { at, what } = node;
        let before = self.mistakes.len();
        let what = match what {
            What::Nothing => What::Nothing,
            What::Text(text) => match refusal(way, &text) {
                None => What::Text(text),
                Some(hint) => {
                    self.mistake(at, format!("{name} is `{text}`: {hint}"));
                    return self.placeholder(schema);
                }
            },
            What::List(nodes) => {
                let name = format!("an entry of {name}");
                let of = way.get("items").unwrap_or(&Value::Null);
                What::List(nodes.into_iter().map(|node| self.node(node, of, &name)).collect())
            }
            What::Map(nodes) => match way.get("properties").and_then(Value::as_object) {
                Some(known) => What::Map(self.fields(at, nodes, way, known)),
                None => What::Map(self.entries(nodes, way.get("additionalProperties").unwrap_or(&Value::Null))),
            },
        };
        // What may be written in several ways is checked as a whole, so that half of it would be called wrong twice.
        if ways.len() > 1 && self.mistakes.len() > before { self.placeholder(schema) } else { Node { at, what } }
    }

    /// The fields of a thing, each once, and all that it must have.
    fn fields(
        &mut self,
        at: Location,
        nodes: Vec<(Key, Node)>,
        schema: &'a Value,
        known: &'a Map<String, Value>,
    ) -> Vec<(Key, Node)> {
        let required: Vec<&str> =
            schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
        // Those that are there, or whose names were probably meant.
        let mut seen: BTreeSet<String> = BTreeSet::new();
        let written: BTreeSet<String> = nodes.iter().map(|(key, _)| key.name.clone()).collect();
        let mut fields: Vec<(Key, Node)> = Vec::new();
        for (key, node) in nodes {
            let Some(of) = known.get(&key.name) else {
                let hint = self.instead(&key.name, known, &written);
                seen.extend(nearest(&key.name, known.keys().map(String::as_str)).map(str::to_owned));
                self.mistake(key.at, format!("unknown field `{}`: {hint}", key.name));
                continue;
            };
            let must = required.contains(&key.name.as_str());
            if fields.iter().any(|(other, _)| other.name == key.name) {
                self.mistake(key.at, format!("`{}` is there twice: write it once", key.name));
            } else if must || node.what != What::Nothing {
                let node = self.node(node, of, &format!("`{}`", key.name));
                fields.push((key.clone(), node));
            }
            seen.insert(key.name);
        }
        for name in required {
            let Some(of) = known.get(name).filter(|_| !fields.iter().any(|(key, _)| key.name == name)) else {
                continue;
            };
            if !seen.contains(name) {
                self.mistake(at, format!("`{name}` is missing: {}", words(of)));
            }
            fields.push((Key { at: Location::NOWHERE, name: name.to_owned() }, self.placeholder(of)));
        }
        fields
    }

    /// The entries of a map with keys of the writer's own, each once.
    fn entries(&mut self, nodes: Vec<(Key, Node)>, of: &'a Value) -> Vec<(Key, Node)> {
        let mut entries: Vec<(Key, Node)> = Vec::new();
        for (key, node) in nodes {
            if entries.iter().any(|(other, _)| other.name == key.name) {
                self.mistake(key.at, format!("`{}` is there twice: write it once", key.name));
                continue;
            }
            // An entry whose value is missing has a place all the same.
            let node = Node { at: if node.what == What::Nothing { key.at } else { node.at }, ..node };
            let node = self.node(node, of, &format!("`{}`", key.name));
            entries.push((key, node));
        }
        entries
    }

    /// What to write instead of an unknown field: the field to which it belongs, if it is just a step or two too far out. Of several those
    /// that are written beside it.
    fn instead(&self, name: &str, known: &'a Map<String, Value>, written: &BTreeSet<String>) -> String {
        let all = self.places(name, known, 2);
        if all.is_empty() {
            return instead(name, known.keys().map(String::as_str));
        }
        let is_written = |place: &&String| place.split('.').next().is_some_and(|field| written.contains(field));
        let beside: Vec<&String> = all.iter().filter(is_written).collect();
        let places = if beside.is_empty() { all.iter().collect() } else { beside };
        let places: Vec<String> = places.into_iter().map(|place| format!("`{place}`")).collect();
        format!("it belongs into {}", places.join(" or "))
    }

    /// The fields that have a field of that name, at most so many steps further in.
    fn places(&self, name: &str, known: &'a Map<String, Value>, steps: usize) -> Vec<String> {
        let Some(steps) = steps.checked_sub(1) else { return Vec::new() };
        let of = |of: &'a Value| self.ways(of).into_iter().filter_map(|way| way.get("properties")?.as_object());
        let has = |it: &'a Value| of(it).any(|fields| fields.contains_key(name));
        let here: Vec<String> = known.iter().filter(|(_, it)| has(it)).map(|(field, _)| field.clone()).collect();
        if !here.is_empty() {
            return here;
        }
        let deeper = |(field, it): (&'a String, &'a Value)| {
            let places = of(it).flat_map(|fields| self.places(name, fields, steps));
            places.map(|place| format!("{field}.{place}")).collect::<Vec<_>>()
        };
        known.iter().flat_map(deeper).collect()
    }

    /// The ways in which something can be written, without that of writing nothing.
    fn ways(&self, schema: &'a Value) -> Vec<&'a Value> {
        if let Some(name) = schema.get("$ref").and_then(Value::as_str) {
            let name = name.rsplit('/').next().unwrap_or(name);
            return self.schema.get("$defs").and_then(|all| all.get(name)).map_or_else(Vec::new, |it| self.ways(it));
        }
        match schema.get("anyOf").and_then(Value::as_array) {
            Some(ways) => ways.iter().flat_map(|way| self.ways(way)).collect(),
            None if named(schema) == "null" => Vec::new(),
            None => vec![schema],
        }
    }

    /// Something of the right shape.
    fn placeholder(&self, schema: &'a Value) -> Node {
        let way = self.ways(schema).first().copied().unwrap_or(&Value::Null);
        let what = match (named(way), words_of(way).first()) {
            (_, Some(word)) => What::Text((*word).to_owned()),
            ("array", _) => What::List(Vec::new()),
            ("object", _) => {
                let required = way.get("required").and_then(Value::as_array).into_iter().flatten();
                let fields = required.filter_map(|name| {
                    let name = name.as_str()?;
                    let of = way.get("properties")?.get(name)?;
                    Some((Key { at: Location::NOWHERE, name: name.to_owned() }, self.placeholder(of)))
                });
                What::Map(fields.collect())
            }
            ("integer" | "number", _) => What::Text("0".to_owned()),
            ("boolean", _) => What::Text("false".to_owned()),
            _ => What::Text(String::new()),
        };
        Node { at: Location::NOWHERE, what }
    }
}

/// The type of a schema that has one, without `null` beside it.
fn named(schema: &Value) -> &str {
    match schema.get("type") {
        Some(Value::Array(types)) => types.first().and_then(Value::as_str).unwrap_or_default(),
        Some(Value::String(name)) => name,
        _ => "",
    }
}

/// The words of which it is one; none where it may be any.
fn words_of(schema: &Value) -> Vec<&str> {
    let ways = schema.get("oneOf").and_then(Value::as_array).into_iter().flatten();
    ways.filter_map(|way| way.get("const")?.as_str()).collect()
}

/// What kind of node a way takes.
fn takes(way: &Value) -> &'static str {
    match named(way) {
        "array" => "a list",
        "object" => "a map",
        _ => "text",
    }
}

/// How to write it.
fn written(way: &Value) -> &'static str {
    match named(way) {
        "object" if way.get("properties").is_none() => "a name for each: `{name: …}`, or a line for each",
        "array" => "a list: `[one, another]`, or a line with `-` for each",
        "object" => "fields: `{name: value}`, or a line for each",
        "integer" => "a whole number, 0 or more",
        "number" => "a number",
        "boolean" => "`true` or `false`",
        _ => "one value",
    }
}

/// What to write instead of a text that is not of the way's type; none where it is.
fn refusal(way: &Value, text: &str) -> Option<String> {
    let words = words_of(way);
    let fits = match named(way) {
        "integer" => text.parse::<u32>().is_ok(),
        "number" => text.parse::<f64>().is_ok(),
        "boolean" => text.parse::<bool>().is_ok(),
        _ if !words.is_empty() => words.contains(&text),
        _ => true,
    };
    match (fits, words.is_empty()) {
        (true, _) => None,
        (false, true) => Some(format!("write {}", written(way))),
        (false, false) => Some(instead(text, words)),
    }
}

/// The first sentence that is said of a field.
fn words(schema: &Value) -> String {
    let text = schema.get("description").and_then(Value::as_str).unwrap_or_default();
    let first = text.split(". ").next().unwrap_or_default().trim_end_matches('.');
    let mut letters = first.chars();
    letters.next().map(|letter| letter.to_lowercase().to_string()).unwrap_or_default() + letters.as_str()
}
