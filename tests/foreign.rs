//! Kernels that nobody here wrote, on the embedded adapter and on lavapipe.
//!
//! A scratch form: prints what it finds.

#[path = "foreign/load.rs"]
mod load;

use std::collections::BTreeMap;
use repro_audit::engines::embedded;
use repro_audit::engines::gpu;

fn serve() {
    let (index, _) = gpu::enumerate("vulkan").into_iter().enumerate().find(|(_, a)| a.matches("llvmpipe")).expect("lavapipe");
    let (_, mut runner) = gpu::open("vulkan", index).expect("lavapipe opens");
    let filter = std::env::args().nth(2).unwrap_or_default();
    for file in load::files() {
        if !filter.is_empty() && !filter.split(',').any(|f| file.with_extension("").to_string_lossy().contains(f)) { continue; }
        let kernel = load::kernel(&file);
        for (title, _, program) in &kernel.outputs {
            let words = match runner.run(program, 1) {
                Ok(Ok(runs)) => Ok(runs.distinct[0].bits.clone().expect("bits").words),
                Ok(Err(skip)) => Err(skip.to_string()),
                Err(e) => Err(e.to_string()),
            };
            println!("{}", serde_json::to_string(&(&kernel.name, title, words)).expect("json"));
        }
    }
}

fn ulps(a: u32, b: u32) -> i64 {
    let key = |w: u32| if w >> 31 == 1 { -i64::from(w & 0x7fff_ffff) } else { i64::from(w) };
    (key(a) - key(b)).abs()
}

fn main() {
    if std::env::args().any(|a| a == "--serve") {
        return serve();
    }
    let filter: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with("--")).collect();
    let output = std::process::Command::new(std::env::current_exe().unwrap()).arg("--serve").arg(filter.join(",")).stderr(std::process::Stdio::inherit()).output().unwrap();
    let mut answers: BTreeMap<(String, String), Result<Vec<u32>, String>> = BTreeMap::new();
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        let (a, b, c): (String, String, Result<Vec<u32>, String>) = serde_json::from_str(line).unwrap();
        answers.insert((a, b), c);
    }
    let mut dump = serde_json::Map::new();
    for file in load::files() {
        if !filter.is_empty() && !filter.iter().any(|f| file.with_extension("").to_string_lossy().contains(f.as_str())) { continue; }
        let kernel = load::kernel(&file);
        for ((title, floats, program), before) in kernel.outputs.iter().zip(&kernel.before) {
            let mut runner = embedded::Runner::open("subgroup=8".parse().unwrap());
            let started = std::time::Instant::now();
            let mine = runner.run(program, 3);
            let seconds = started.elapsed().as_secs_f64();
            let theirs = answers.get(&(kernel.name.clone(), title.clone()));
            let theirs = match theirs { Some(Ok(w)) => w.clone(), other => { println!("{} {title}: LAVAPIPE {other:?}", kernel.name); vec![] } };
            dump.insert(format!("{}:{title}", kernel.name), serde_json::to_value(&theirs).unwrap());
            let mine = match mine {
                Ok(Ok(runs)) => { for f in &runs.findings { println!("{} {title}: FINDING {f:?}", kernel.name); } runs.distinct[0].bits.clone().unwrap().words }
                Ok(Err(skip)) => { println!("{} {title}: SKIP {skip}", kernel.name); vec![] }
                Err(e) => { println!("{} {title}: ERROR {e}", kernel.name); vec![] }
            };
            let changed = |w: &[u32]| w.iter().zip(before).filter(|(a, b)| a != b).count();
            let n = before.len();
            if mine.len() != theirs.len() || theirs.len() != n { println!("{} {title}: {} words, mine {} theirs {}; theirs changed {}", kernel.name, n, mine.len(), theirs.len(), changed(&theirs)); continue; }
            let d: Vec<usize> = (0..n).filter(|i| mine[*i] != theirs[*i]).collect();
            let ints = d.iter().filter(|i| !floats[**i]).count();
            let most = d.iter().filter(|i| floats[**i]).map(|i| ulps(mine[*i], theirs[*i])).max().unwrap_or(0);
            println!("{} {title}: {} words, changed {}/{}, differ {} (ints {ints}, max ulp {most}) {seconds:.2}s", kernel.name, n, changed(&mine), changed(&theirs), d.len());
            for i in d.iter().take(3) {
                let show = |w: u32| if floats[*i] { format!("{:?}", f32::from_bits(w)) } else { format!("{w:#x}") };
                println!("    [{i}] {} != {} ({:08x} {:08x})", show(mine[*i]), show(theirs[*i]), mine[*i], theirs[*i]);
            }
        }
    }
    std::fs::write("/tmp/foreign-dump.json", serde_json::to_string(&dump).unwrap()).unwrap();
}
