//! What must not be written: the values of variables and options that are named like secrets.

use std::collections::BTreeMap;

use crate::model::capture::REDACTED;

/// Words of names of secrets.
const WORDS: [&str; 12] = [
    "token",
    "secret",
    "password",
    "passwd",
    "passphrase",
    "apikey",
    "api_key",
    "access_key",
    "private_key",
    "credential",
    "auth",
    "cookie",
];

/// A shorter value is found in texts by chance.
const SHORTEST: usize = 6;

/// Whether a name is one of a secret. `tokenizer`, `author` and the like are none.
fn is_named_so(name: &str) -> bool {
    let name = name.to_lowercase().replace('-', "_");
    let whole = |word: &str| {
        name.match_indices(word).any(|(at, _)| {
            let next = name[at + word.len()..].chars().next();
            let last = name[..at].chars().next_back();
            let ends = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
            ends(next) && ends(last) || word.len() > 5 && ends(next)
        })
    };
    // `max_tokens` is a number of them.
    WORDS.iter().any(|w| whole(w)) && !name.contains("tokens") || name.ends_with("_key") || name == "key"
}

/// The secrets that this process was given.
#[derive(Debug, Clone, Default)]
pub(super) struct Secrets(Vec<String>);

impl Secrets {
    /// Those of an environment.
    pub(super) fn of(variables: impl Iterator<Item = (String, String)>) -> Self {
        let mut values: Vec<String> =
            variables.filter(|(name, value)| is_named_so(name) && value.len() >= SHORTEST).map(|(_, v)| v).collect();
        // The longest first: one may be the beginning of another.
        values.sort_by(|a, b| b.len().cmp(&a.len()).then(a.cmp(b)));
        Self(values)
    }

    /// A text without the values of secrets, and without user names and passwords in addresses.
    pub(super) fn clean(&self, text: &str) -> String {
        let mut out = text.to_owned();
        for value in &self.0 {
            if out.contains(value.as_str()) {
                out = out.replace(value.as_str(), REDACTED);
            }
        }
        without_user(&out)
    }

    /// Arguments without secrets: `--token X`, `--token=X`, `TOKEN=X`.
    pub(super) fn clean_arguments(&self, argv: &[String]) -> Vec<String> {
        let mut out = Vec::with_capacity(argv.len());
        let mut next_is_secret = false;
        for argument in argv {
            let value = std::mem::take(&mut next_is_secret) && !argument.starts_with("--");
            if value {
                out.push(REDACTED.to_owned());
                continue;
            }
            match argument.split_once('=') {
                Some((name, _)) if is_named_so(name.trim_start_matches('-')) => out.push(format!("{name}={REDACTED}")),
                Some(_) => out.push(self.clean(argument)),
                None => {
                    next_is_secret = argument.starts_with('-') && is_named_so(argument.trim_start_matches('-'));
                    out.push(self.clean(argument));
                }
            }
        }
        out
    }

    /// Named values without secrets.
    pub(super) fn clean_values(&self, values: BTreeMap<String, String>) -> BTreeMap<String, String> {
        let clean = |name: &str, value: &str| {
            let last = name.rsplit('.').next().unwrap_or(name);
            if is_named_so(last) { REDACTED.to_owned() } else { self.clean(value) }
        };
        values
            .into_iter()
            .map(|(name, value)| {
                let cleaned = clean(&name, &value);
                (self.clean(&name), cleaned)
            })
            .collect()
    }
}

/// `https://user:password@host` as `https://[redacted]@host`.
fn without_user(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + 3);
        out.push_str(before);
        let end = after.find(|c: char| c == '/' || c.is_whitespace() || c == '"' || c == '\'').unwrap_or(after.len());
        rest = match after[..end].rfind('@') {
            Some(user) => {
                out.push_str(REDACTED);
                &after[user..]
            }
            None => after,
        };
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_known_by_their_names_and_found_by_their_values() {
        for name in
            ["WANDB_API_KEY", "HF_TOKEN", "DB_PASSWORD", "AWS_SECRET_ACCESS_KEY", "token", "client-secret", "AUTH"]
        {
            assert!(is_named_so(name), "{name}");
        }
        for name in ["tokenizer", "max_tokens", "author", "lr", "keys", "monkey", "tokens_per_batch", "authority"] {
            assert!(!is_named_so(name), "{name}");
        }
        let variables = [("HF_TOKEN", "hf_abcdef"), ("X_SECRET", "s3"), ("PATH", "/usr/bin")];
        let secrets = Secrets::of(variables.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())));
        let argv = ["a", "--token", "x1", "--token=x2", "TOKEN=x3", "--url=hf_abcdef/y", "--lr", "0.1", "/usr/bin"];
        let cleaned = secrets.clean_arguments(&argv.map(str::to_owned));
        let wanted = [
            "a",
            "--token",
            REDACTED,
            "--token=[redacted]",
            "TOKEN=[redacted]",
            "--url=[redacted]/y",
            "--lr",
            "0.1",
            "/usr/bin",
        ];
        assert_eq!(cleaned, wanted, "arguments");
        assert_eq!(secrets.clean("s3://bucket"), "s3://bucket", "a short value is no secret that can be found");
        assert_eq!(
            secrets.clean("git+https://me:pw@host/x and http://host/a@b"),
            "git+https://[redacted]@host/x and http://host/a@b",
            "users of addresses"
        );
        let values =
            BTreeMap::from([("log.api_key".to_owned(), "v".to_owned()), ("log.dir".to_owned(), "d".to_owned())]);
        assert_eq!(secrets.clean_values(values)["log.api_key"], REDACTED, "hyperparameters");
    }
}
