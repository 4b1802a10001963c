use super::*;
use crate::kernels::rowwise::testing::{check_plans, check_twin};
use crate::kernels::{self, Allowance};
use crate::model::bits::Bits;
use crate::numerics::arith::Arithmetic;

fn problem(id: &str) -> Box<dyn Problem> {
    kernels::problem(&Case::parse(id).unwrap()).unwrap_or_else(|e| panic!("{id}: {e}"))
}

fn observed(problem: &dyn Problem, output: &Bits, name: &str) -> f64 {
    problem.observe(output).iter().find(|o| o.name == name).unwrap_or_else(|| panic!("{name}")).value
}

/// What is seen of the twin.
fn of_twin(id: &str, name: &str) -> f64 {
    let found = problem(id);
    observed(found.as_ref(), &found.twin(Arithmetic::STRICT, 1).unwrap(), name)
}

#[test]
fn plans_read_back_and_shaders_parse() {
    check_plans(&Split);
}

#[test]
fn twins_hold_out_as_many_as_asked() {
    for (n, grown) in [(1, 0), (2, 3), (100, 0), (999, 100)] {
        for part in ["0.2", "0.001", "0.999"] {
            for variant in ["fisher_yates", "sort", "ties_by_launch"] {
                let launch = if variant == "fisher_yates" { "" } else { "&wg=16&groups=3" };
                let id = format!("split/{variant}?n={n}&grown={grown}&part={part}{launch}");
                let members = check_twin(&id).twin(Arithmetic::STRICT, 1).unwrap().words;
                let held_out = members.iter().filter(|m| **m == 0).count();
                let want = (f64::from(n + grown) * part.parse::<f64>().unwrap()).floor();
                assert_eq!(held_out as f64, want, "{id}");
            }
        }
    }
    let part = of_twin("split/hash?n=100000&grown=0", "held_out");
    assert!((part - 0.2).abs() < 5.0 * (0.2f64 * 0.8 / 1e5).sqrt(), "by hash on average: {part}");
}

/// When the data set grows by a twentieth: a shuffle draws the split anew, 2 p (1 - p) of the samples change sides; sorted
/// by a word of the sample's own only those near the border do; by a hash none.
#[test]
fn only_a_hash_is_stable_when_the_data_set_grows() {
    let (n, part) = (18_000.0f64, 0.2);
    let of = |variant: &str| of_twin(&format!("split/{variant}?n=18000&grown=1000"), "changed_by_growth");
    let anew = 2.0 * part * (1.0 - part);
    let spread = 5.0 * (n * anew * (1.0 - anew)).sqrt();
    for variant in ["fisher_yates", "loader_by_sample"] {
        let found = of(variant);
        assert!((found - n * anew).abs() < spread, "{variant}: {found} of {n}");
    }
    let sorted = of("sort");
    assert!(sorted > 0.0 && sorted < 0.01 * n, "sorted by their own words: {sorted}");
    assert_eq!(of("hash"), 0.0, "by hash");
}

#[test]
fn members_change_with_what_the_order_depends_on() {
    let base = "n=5000&grown=500";
    for threads in [1, 2, 3] {
        let changed = |variant: &str| {
            let found = problem(&format!("split/{variant}?{base}&batch=50"));
            observed(found.as_ref(), &found.threaded(threads).unwrap(), "members_changed")
        };
        assert_eq!(changed("loader_by_sample"), 0.0, "{threads} workers, by sample");
        assert_eq!(changed("loader_sharded") > 0.0, threads > 1, "{threads} workers, a shard each");
    }
    let launched = |launch: &str| of_twin(&format!("split/ties_by_launch?{base}&bits=6&{launch}"), "members_changed");
    assert_eq!(launched("wg=1&groups=1"), 0.0, "one invocation keeps ties in order");
    assert!(launched("wg=16&groups=2") > 0.0, "several do not");
    assert_eq!(of_twin(&format!("split/sort?{base}&bits=6&wg=16&groups=2"), "members_changed"), 0.0, "ties by number");
}

/// Exactly the tie at the border is left open, and every order of it is allowed.
#[test]
fn only_the_tie_at_the_border_is_open() {
    let found = problem("split/atomic_ties?n=1000&grown=0&bits=4");
    assert!(found.twin(Arithmetic::STRICT, 1).is_none(), "no order is defined");
    let Allowance::Intervals(intervals) = found.allowance() else { panic!("intervals") };
    let open = intervals.iter().filter(|i| i.lo != i.hi).count();
    assert!(open > 20 && open < 130, "a sixteenth of 1000 samples: {open}");
    let allowed = |members: &[u32]| members.iter().zip(&intervals).all(|(m, i)| i.allows((*m).into()));
    for id in ["sort?n=1000&grown=0&bits=4", "ties_by_launch?n=1000&grown=0&bits=4&wg=4&groups=5"] {
        let members = problem(&format!("split/{id}")).twin(Arithmetic::STRICT, 1).unwrap().words;
        assert!(allowed(&members), "{id} is one of the splits");
    }
    let other = problem("split/fisher_yates?n=1000&grown=0").twin(Arithmetic::STRICT, 1).unwrap().words;
    assert!(!allowed(&other), "another shuffle is none of them");
}

#[test]
fn bad_parameters_say_what_to_type() {
    for id in ["hash?part=0", "hash?part=1", "sort?part=x", "sort?n=0", "fisher_yates?grown=-1", "hash?wg=0"] {
        let case = Case::parse(&format!("split/{id}")).unwrap();
        let error = kernels::problem(&case).err().unwrap_or_else(|| panic!("{id}")).to_string();
        assert!(error.contains("wanted") && !error.contains('\n'), "{id}: {error}");
    }
}
