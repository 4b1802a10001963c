//! What a remote process may do wrong. Each is an answer, and none takes longer than it may.

use std::time::Duration;

use libtest_mimic::{Failed, Trial};
use repro_audit::engines::remote::Remote;
use repro_audit::engines::{Answer, Engine as _, RunError};
use repro_audit::model::Task;
use repro_audit::model::bits::Dtype;
use repro_audit::model::task::{Operation, Tensor};

const HELLO: &str = r#"echo '{"protocol": 1, "engine": "none", "version": "1"}'"#;

/// What it does after it has said who it is, how long it may take, and what is told of it.
const ROWS: [(&str, &str, Duration, &str); 5] = [
    ("a_crash", "read line; kill -9 $$", Duration::from_secs(60), "it closed its output"),
    ("a_silent_exit", "read line; exit 0", Duration::from_secs(60), "it closed its output"),
    ("a_hang", "read line; sleep 600", Duration::from_millis(300), "no answer within 0.3 s"),
    ("no_json", "read line; echo nonsense; sleep 600", Duration::from_secs(60), "a line that is not an answer"),
    (
        "a_result_of_another_size",
        r#"read line; echo '{"answer": "ran", "results": [{"bytes": 8, "runs": 1}]}'; sleep 600"#,
        Duration::from_secs(60),
        "a result of 8 bytes, where 12 were asked for",
    ),
];

fn copy() -> Task {
    let operation = Operation::new("copy", [("x", Tensor::floats(&[3], &[1.0, 2.0, 3.0]))]);
    Task { operation: Some(operation), program: None, dtype: Dtype::F32, shape: vec![3] }
}

fn told(answer: Answer, wanted: &str) -> Result<(), Failed> {
    match answer {
        Answer::Failed(RunError::Gone(said)) if said.contains(wanted) => Ok(()),
        other => Err(format!("it answered {other:?}, and not '{wanted}'").into()),
    }
}

/// It is started again three times, and then given up.
fn misbehaves(after: &str, limit: Duration, wanted: &str) -> Result<(), Failed> {
    let mut engine = Remote::open(&format!("{HELLO}; {after}"), 0, limit)?;
    for _ in 0..4 {
        told(engine.run(&copy(), 1), wanted)?;
    }
    told(engine.run(&copy(), 1), "it failed 3 times and is not started again")
}

fn opens_wrongly(command: &str, wanted: &str) -> Result<(), Failed> {
    match Remote::open(command, 0, Duration::from_secs(60)) {
        Err(RunError::Gone(said)) if said.contains(wanted) => Ok(()),
        Err(other) => Err(format!("{other}, and not '{wanted}'").into()),
        Ok(_) => Err("it opened".into()),
    }
}

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials: Vec<Trial> = ROWS
        .into_iter()
        .map(|(name, after, limit, wanted)| {
            crate::trial("conformance", format!("remote::{name}"), move || misbehaves(after, limit, wanted))
        })
        .collect();
    let opening = [
        ("no_engine", "exit 3", "it closed its output"),
        ("another_protocol", r#"echo '{"protocol": 2, "engine": "none"}'; sleep 600"#, "it speaks protocol 2"),
        ("no_greeting", "echo hello; sleep 600", "a line that is not an answer"),
    ];
    trials.extend(opening.map(|(name, command, wanted)| {
        crate::trial("conformance", format!("remote::{name}"), move || opens_wrongly(command, wanted))
    }));
    // The scripts are those of a shell that Windows has not.
    trials.into_iter().map(|trial| trial.with_ignored_flag(cfg!(windows))).collect()
}
