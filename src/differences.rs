//! What differs between the options of a checkpoint and those of a command that resumes it.

use std::collections::BTreeMap;

use serde_json::Value;

/// So many differences are named.
const NAMED: usize = 6;

/// Which options differ between two fingerprints, JSON objects as text, and how.
pub fn differences(checkpoint: &str, now: &str) -> String {
    fn leaves(name: &str, value: &Value, found: &mut BTreeMap<String, String>) {
        match value {
            Value::Object(fields) => {
                for (field, value) in fields {
                    let dot = if name.is_empty() { "" } else { "." };
                    leaves(&format!("{name}{dot}{field}"), value, found);
                }
            }
            value => drop(found.insert(name.to_owned(), value.to_string())),
        }
    }
    let read = |text: &str| {
        let mut found = BTreeMap::new();
        leaves("", &serde_json::from_str(text).unwrap_or_default(), &mut found);
        found
    };
    let (checkpoint, now) = (read(checkpoint), read(now));
    let mut names: Vec<&String> = checkpoint.keys().chain(now.keys()).collect();
    names.sort();
    names.dedup();
    let text = |value: Option<&String>| value.map_or("not set".to_owned(), String::clone);
    let different: Vec<String> = names
        .into_iter()
        .filter(|name| checkpoint.get(*name) != now.get(*name))
        .map(|name| {
            format!("{name} was {}, is {}", text(checkpoint.get(name)), text(now.get(name)))
        })
        .collect();
    match different.split_at_checked(NAMED) {
        Some((named, others)) if !others.is_empty() => {
            format!("{}; and {} more", named.join("; "), others.len())
        }
        _ if different.is_empty() => "a number in its last digits".to_owned(),
        _ => different.join("; "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_differences_are_all_named_and_many_are_counted() {
        let of = |n: usize| {
            let fields: Vec<String> = (0..9).map(|i| format!("\"x{i}\":{}", i.max(n))).collect();
            format!("{{{}}}", fields.join(","))
        };
        assert_eq!(differences(&of(0), &of(1)), "x0 was 0, is 1");
        let many = differences(&of(0), &of(8));
        assert!(many.ends_with("x5 was 5, is 8; and 2 more"), "{many}");
        assert_eq!(differences(&of(0), &of(6)).matches("was").count(), 6);
        assert_eq!(differences("{}", "{}"), "a number in its last digits");
    }
}
