//! Takes the shape of a policy file; gives its JSON Schema, for editors, and its reference, for people. Never says anything that the
//! types do not say.

use std::fmt::Write;

use schemars::schema_for;
use serde_json::{Map, Value};

use super::file::File;

/// The JSON Schema of a policy file.
pub fn schema() -> Value {
    schema_for!(File).to_value()
}

/// The reference of a policy file, in Markdown: a table for the file, and one for each kind of thing in it, in the order in which a
/// reader meets them.
pub fn reference() -> String {
    let schema = schema();
    let mut text = String::new();
    section(&mut text, "Policy", &schema);
    let mut names = Vec::new();
    meet(&schema, &schema, &mut names);
    for name in names {
        section(&mut text, &name, schema.pointer(&format!("/$defs/{name}")).unwrap_or(&Value::Null));
    }
    text
}

/// The kinds that a schema speaks of, each before those that it speaks of itself.
fn meet(all: &Value, schema: &Value, names: &mut Vec<String>) {
    let met = names.len();
    refer(schema, names);
    for name in names.get(met..).unwrap_or_default().to_vec() {
        meet(all, all.pointer(&format!("/$defs/{name}")).unwrap_or(&Value::Null), names);
    }
}

fn refer(schema: &Value, names: &mut Vec<String>) {
    match schema {
        Value::Object(fields) => {
            if let Some(name) = fields.get("$ref").and_then(Value::as_str).map(name_of)
                && !names.iter().any(|met| met == name)
            {
                names.push(name.to_owned());
            }
            fields.iter().filter(|(field, _)| *field != "$defs").for_each(|(_, of)| refer(of, names));
        }
        Value::Array(items) => items.iter().for_each(|item| refer(item, names)),
        _ => {}
    }
}

/// The last part of `#/$defs/Name`.
fn name_of(reference: &str) -> &str {
    reference.rsplit('/').next().unwrap_or(reference)
}

fn section(text: &mut String, name: &str, schema: &Value) {
    let words = string(schema, "description");
    // Writing to a string cannot fail.
    _ = writeln!(text, "## {name}\n\n{words}\n");
    let required: Vec<&str> =
        schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    let Some(fields) = schema.get("properties").and_then(Value::as_object) else { return alternatives(text, schema) };
    _ = writeln!(text, "| field | is | means |\n|---|---|---|");
    let mut fields: Vec<(&String, &Value)> = fields.iter().collect();
    fields.sort_by_key(|(field, _)| !required.contains(&field.as_str()));
    for (field, of) in fields {
        let must = if required.contains(&field.as_str()) { ", required" } else { "" };
        _ = writeln!(text, "| `{field}` | {}{must} | {} |", kind(of), string(of, "description"));
    }
    text.push('\n');
}

/// A thing that can be written in several ways, or with one of several words.
fn alternatives(text: &mut String, schema: &Value) {
    let ways = ["oneOf", "anyOf"].iter().filter_map(|way| schema.get(way)?.as_array()).flatten();
    for way in ways {
        let words = string(way, "description");
        _ = match (way.get("const"), way.get("properties").and_then(Value::as_object)) {
            (Some(word), _) => writeln!(text, "- `{}`: {words}", word.as_str().unwrap_or_default()),
            (None, Some(fields)) => writeln!(text, "- {{{}}}: {}", names(fields), first(&words, fields)),
            (None, None) => writeln!(text, "- {}: {words}", kind(way)),
        };
    }
    text.push('\n');
}

fn names(fields: &Map<String, Value>) -> String {
    fields.keys().map(|field| format!("`{field}`")).collect::<Vec<_>>().join(", ")
}

/// What is said of a thing; what is said of its fields, if nothing is said of the thing.
fn first(words: &str, fields: &Map<String, Value>) -> String {
    if !words.is_empty() {
        return words.into();
    }
    fields.iter().map(|(field, of)| format!("`{field}`: {}", string(of, "description"))).collect::<Vec<_>>().join(" ")
}

/// What kind of value a field takes.
fn kind(schema: &Value) -> String {
    if let Some(name) = schema.get("$ref").and_then(Value::as_str) {
        let name = name_of(name);
        return format!("[{name}](#{})", name.to_lowercase());
    }
    if let Some(way) = schema.get("anyOf").and_then(Value::as_array).and_then(|ways| ways.first()) {
        return kind(way);
    }
    let named = match schema.get("type") {
        Some(Value::Array(types)) => types.first().and_then(Value::as_str).unwrap_or_default(),
        Some(Value::String(name)) => name,
        _ => "",
    };
    match (named, schema.get("items"), schema.get("additionalProperties")) {
        ("array", Some(items), _) => format!("list of {}", kind(items)),
        ("object", _, Some(values)) => format!("map of {}", kind(values)),
        ("integer" | "number", ..) => "number".into(),
        (named, ..) => named.into(),
    }
}

/// Without line breaks, which would end a row of a table.
fn string(schema: &Value, key: &str) -> String {
    let text = schema.get(key).and_then(Value::as_str).unwrap_or_default();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
