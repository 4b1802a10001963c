//! What must not be written: the values of variables and options that are named like secrets, wherever they stand.
//!
//! A name is judged on the safe side: what is left out by mistake is told as not compared, and what is kept by mistake is a leak.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::ops::Range;

use crate::model::capture::REDACTED;

/// Words that name a secret wherever they stand in a name.
const WORDS: [&str; 12] = [
    "secret",
    "secrets",
    "password",
    "passwords",
    "passwd",
    "passphrase",
    "credential",
    "credentials",
    "cookie",
    "cookies",
    "bearer",
    "authorization",
];

/// Ends of words that are written as one: `hftoken`, `secretkey`.
const ENDS: [&str; 8] = ["token", "secret", "password", "passwd", "apikey", "accesskey", "secretkey", "privatekey"];

/// What a key is called that is one to a service. A key of random numbers or of a table is none.
const OF_KEYS: [&str; 16] = [
    "access",
    "account",
    "api",
    "app",
    "auth",
    "client",
    "comet",
    "deploy",
    "encryption",
    "license",
    "master",
    "private",
    "secret",
    "service",
    "signing",
    "wandb",
];

/// A shorter value is found in texts by chance.
const SHORTEST: usize = 6;

/// The words of a name, in lower case: `accessToken`, `access-token` and `ACCESS_TOKEN` have the same.
fn words(name: &str) -> Vec<String> {
    let mut out = vec![String::new()];
    let mut was_lower = false;
    for c in name.chars() {
        if !c.is_alphanumeric() || c.is_uppercase() && was_lower {
            out.push(String::new());
        }
        if c.is_alphanumeric() {
            out.last_mut().into_iter().for_each(|word| word.extend(c.to_lowercase()));
        }
        was_lower = c.is_lowercase();
    }
    out.retain(|word| !word.is_empty());
    out
}

/// Whether a name is one of a secret. `tokenizer`, `author`, `max_tokens`, `prng_key` and the like are none.
fn is_named_so(name: &str) -> bool {
    let words = words(name);
    let has = |all: &[&str]| words.iter().any(|w| all.contains(&w.as_str()));
    let (last, before) = match words.as_slice() {
        [] => return false,
        [before @ .., last] => (last.as_str(), before.last().map(String::as_str)),
    };
    has(&WORDS)
        || words.iter().any(|w| ENDS.iter().any(|end| w.ends_with(end)))
        || last == "tokens" && before.is_some_and(|b| ["access", "api", "auth", "bearer", "refresh"].contains(&b))
        || matches!(last, "key" | "keys") && before.is_none_or(|b| OF_KEYS.contains(&b))
        || last == "auth" && before.is_none_or(|b| ["basic", "http", "proxy"].contains(&b))
        || words.len() == 1 && last == "pat"
}

/// The secrets that this process was given.
#[derive(Debug, Clone, Default)]
pub(super) struct Secrets(Vec<String>);

impl Secrets {
    /// Those of an environment.
    pub(super) fn of(variables: impl Iterator<Item = (OsString, OsString)>) -> Self {
        let mut values: Vec<String> = variables
            .map(|(name, value)| (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned()))
            .filter(|(name, value)| is_named_so(name) && value.len() >= SHORTEST)
            .map(|(_, value)| value)
            .collect();
        // The longest first: one may be the beginning of another.
        values.sort_by(|a, b| b.len().cmp(&a.len()).then(a.cmp(b)));
        Self(values)
    }

    /// A text without the values of secrets, and without user names and passwords in addresses. For source code, in which a name
    /// like `token` is mostly no secret's.
    pub(super) fn clean(&self, text: &str) -> String {
        let mut out = text.to_owned();
        for value in &self.0 {
            if out.contains(value.as_str()) {
                out = out.replace(value.as_str(), REDACTED);
            }
        }
        without_user(&out)
    }

    /// The same without what is assigned to names of secrets in the text: `?token=X`, `Authorization: Bearer X`, `--token X`.
    pub(super) fn clean_words(&self, text: &str) -> String {
        let mut out = self.clean(text);
        let mut from = 0;
        while let Some(value) = assigned(&out, from) {
            out.replace_range(value.clone(), REDACTED);
            from = value.start + REDACTED.len();
        }
        out
    }

    /// Arguments without secrets: `--token X`, `--token=X`, `TOKEN=X`, and those in the text of a shell's `-c`. The word after an
    /// option that is named like a secret is its value, unless it is an option itself.
    pub(super) fn clean_arguments(&self, argv: &[String]) -> Vec<String> {
        let mut out = Vec::with_capacity(argv.len());
        let (mut next_is_secret, mut next_is_script) = (false, false);
        for argument in argv {
            let secret = std::mem::take(&mut next_is_secret) && !argument.starts_with("--");
            let script = std::mem::take(&mut next_is_script);
            out.push(match argument.split_once('=') {
                _ if secret => REDACTED.to_owned(),
                // A value may hold spaces; a script's other words are none of it.
                Some((name, _)) if !script && is_name(name) && is_named_so(name) => format!("{name}={REDACTED}"),
                _ => {
                    let option = argument.starts_with('-') && is_name(argument);
                    next_is_secret = option && is_named_so(argument);
                    next_is_script = option && !argument.starts_with("--") && argument.ends_with('c');
                    self.clean_words(argument)
                }
            });
        }
        out
    }

    /// Named values without secrets.
    pub(super) fn clean_values(&self, values: BTreeMap<String, String>) -> BTreeMap<String, String> {
        let clean = |(name, value): (String, String)| {
            // `wandb.key` is one, and `secrets.path` may be.
            let kept = if is_named_so(&name) { REDACTED.to_owned() } else { self.clean_words(&value) };
            (self.clean(&name), kept)
        };
        values.into_iter().map(clean).collect()
    }
}

fn is_of_names(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-' | '.')
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.trim_start_matches('+').chars().all(is_of_names)
}

/// Where the next value is, from this byte on, that is assigned to the name of a secret.
fn assigned(text: &str, from: usize) -> Option<Range<usize>> {
    let mut at = from;
    while let Some(start) = text[at..].find(is_of_names).map(|i| at + i) {
        let end = text[start..].find(|c| !is_of_names(c)).map_or(text.len(), |i| start + i);
        if is_named_so(&text[start..end])
            && let Some(value) = value_after(text, start, end)
        {
            return Some(value);
        }
        at = end;
    }
    None
}

/// The value that follows the name at these bytes: after `=` or `:`, or a space where the name is an option's.
fn value_after(text: &str, start: usize, end: usize) -> Option<Range<usize>> {
    let rest = text[end..].trim_start_matches(['"', '\'']);
    let spaces = |text: &str| text.len() - text.trim_start_matches(' ').len();
    let trimmed = rest.trim_start_matches(' ');
    let mut begin = if trimmed.starts_with(['=', ':']) {
        let begin = text.len() - trimmed.len() + 1;
        begin + spaces(&text[begin..])
    } else if text[start..end].starts_with('-') && rest.starts_with(' ') && !trimmed.starts_with("--") {
        text.len() - trimmed.len()
    } else {
        return None;
    };
    // `Authorization: Bearer X`.
    for scheme in ["bearer ", "basic ", "token "] {
        if text.get(begin..begin + scheme.len()).is_some_and(|t| t.eq_ignore_ascii_case(scheme)) {
            begin += scheme.len() + spaces(&text[begin + scheme.len()..]);
        }
    }
    let quote = text[begin..].chars().next().filter(|c| matches!(c, '"' | '\''));
    begin += usize::from(quote.is_some());
    let ends = |c: char| match quote {
        Some(quote) => c == quote,
        None => c.is_whitespace() || matches!(c, '&' | ';' | ',' | '"' | '\'' | ')' | '}'),
    };
    let length = text[begin..].find(ends).unwrap_or(text.len() - begin);
    let value = begin..begin + length;
    (length > 0 && &text[value.clone()] != REDACTED).then_some(value)
}

/// `https://user:password@host` as `https://[redacted]@host`.
fn without_user(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + 3);
        out.push_str(before);
        let stop = after.find(|c: char| c.is_whitespace() || c == '"' || c == '\'').unwrap_or(after.len());
        let host = after[..stop].find('/').unwrap_or(stop);
        // A password may hold a slash: what follows a colon and is no port is none of an address.
        let is_port = |p: &str| p.chars().all(|c| c.is_ascii_digit());
        let in_path = after[..host].split_once(':').is_some_and(|(_, port)| !is_port(port) && !port.ends_with(']'));
        let end = if in_path && !after[..host].contains('@') { stop } else { host };
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
    fn secrets_are_known_by_their_names() {
        for name in [
            "WANDB_API_KEY",
            "HF_TOKEN",
            "DB_PASSWORD",
            "AWS_SECRET_ACCESS_KEY",
            "token",
            "client-secret",
            "AUTH",
            "--wandb.key",
            "accessToken",
            "secretKey",
            "--credentials",
            "--auth-tokens",
            "--hftoken",
            "--pat",
            "log.api_key",
            "key",
        ] {
            assert!(is_named_so(name), "{name}");
        }
        for name in [
            "tokenizer",
            "max_tokens",
            "author",
            "lr",
            "monkey",
            "tokens_per_batch",
            "authority",
            "prng_key",
            "--label_key",
            "--use-auth",
            "path",
            "PATH",
            "",
        ] {
            assert!(!is_named_so(name), "{name}");
        }
    }

    fn secrets() -> Secrets {
        let variables = [("HF_TOKEN", "hf_abcdef"), ("X_SECRET", "s3"), ("PATH", "/usr/bin")];
        Secrets::of(variables.iter().map(|(n, v)| ((*n).into(), (*v).into())))
    }

    #[test]
    fn values_of_secrets_are_left_out_and_nothing_else_of_a_command() {
        for (given, wanted) in [
            ("a --token x1 --lr 0.1", "a --token [redacted] --lr 0.1"),
            ("a --token=x2 TOKEN=x3 /usr/bin", "a --token=[redacted] TOKEN=[redacted] /usr/bin"),
            ("a --use_token --lr 1", "a --use_token --lr 1"),
            ("a --url=hf_abcdef/y", "a --url=[redacted]/y"),
            ("a --url=https://h/x?token=S&b=1", "a --url=https://h/x?token=[redacted]&b=1"),
            ("a --prng_key 1 --use-auth a.csv", "a --prng_key 1 --use-auth a.csv"),
            (
                "a --pat S --wandb.key=S accessToken=S",
                "a --pat [redacted] --wandb.key=[redacted] accessToken=[redacted]",
            ),
        ] {
            let argv: Vec<String> = given.split(' ').map(str::to_owned).collect();
            assert_eq!(secrets().clean_arguments(&argv).join(" "), wanted, "{given}");
        }
        for (given, wanted) in [
            (["bash", "-c", "x=1 HF_TOKEN=S echo 2"], ["bash", "-c", "x=1 HF_TOKEN=[redacted] echo 2"]),
            (["bash", "-lc", "a --token S b"], ["bash", "-lc", "a --token [redacted] b"]),
            (["curl", "--header", "Authorization: Bearer S"], ["curl", "--header", "Authorization: Bearer [redacted]"]),
            (
                ["a", "--json", "{\"apiKey\": \"a b\", \"lr\": 1}"],
                ["a", "--json", "{\"apiKey\": \"[redacted]\", \"lr\": 1}"],
            ),
            (["env", "DB_PASSWORD=two words", "a"], ["env", "DB_PASSWORD=[redacted]", "a"]),
        ] {
            assert_eq!(secrets().clean_arguments(&given.map(str::to_owned)), wanted, "{given:?}");
        }
    }

    #[test]
    fn addresses_lose_their_users() {
        for (given, wanted) in [
            ("git+https://me:pw@host/x and http://host/a@b", "git+https://[redacted]@host/x and http://host/a@b"),
            ("https://me:p/w@host/x", "https://[redacted]@host/x"),
            ("http://host:8080/a@b http://[::1]/a@b", "http://host:8080/a@b http://[::1]/a@b"),
            ("s3://bucket", "s3://bucket"),
        ] {
            assert_eq!(secrets().clean(given), wanted, "{given}");
        }
    }

    #[test]
    fn hyperparameters_and_source_code() {
        let values = [("log.api_key", "v"), ("log.dir", "d"), ("wandb.key", "v"), ("cmd", "a --token S")];
        let values = values.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        let cleaned = secrets().clean_values(values);
        assert_eq!(cleaned.into_values().collect::<Vec<_>>(), ["a --token [redacted]", REDACTED, "d", REDACTED]);
        assert_eq!(secrets().clean("token = f(x)"), "token = f(x)", "code");
        assert_eq!(secrets().clean("k = 'hf_abcdef'"), "k = '[redacted]'", "a known value in code");
    }

    proptest::proptest! {
        #[test]
        fn what_is_assigned_to_a_token_is_gone_whatever_stands_before(before in "(token|key|=|:|-| |\"|'|é|://|@|[a-c]){0,24}") {
            let cleaned = secrets().clean_words(&format!("{before} token=planted"));
            proptest::prop_assert!(!cleaned.contains("planted"), "{}", cleaned);
        }
    }
}
