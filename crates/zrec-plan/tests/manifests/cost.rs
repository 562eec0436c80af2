//! What hostile files cost.

use zrec_plan::catalog::Catalog;
use zrec_plan::manifest::{Source, read, render_diagnostics};

/// A pull request may hold any megabyte; none of them may hold up the machine that checks it.
#[test]
fn a_hostile_megabyte_is_judged_in_seconds() {
    let head = "apiVersion: connectors.zrec/v1\nkind: Tenant\nmetadata: { name: contoso }\nspec:\n";
    let many = |line: &dyn Fn(usize) -> String| {
        let lines = (0..60_000).map(line).take_while({
            let mut size = head.len();
            move |line| {
                size += line.len();
                size < 1_000_000
            }
        });
        lines.collect::<String>()
    };
    let texts = [
        format!("{head}{}", many(&|number| format!("  key{number}: x\n"))),
        format!("{head}{}", many(&|_| "  consent: grant\n".to_owned())),
        format!("{head}  owners: [{}]\n", many(&|number| format!("'{number}', "))),
        format!("{head}  owners: [{}]\n", many(&|_| "{a: b}, ".to_owned())),
        format!("{head}  overrides:\n{}", many(&|number| format!("    c{number}: {{}}\n"))),
        format!("{head}  tenantId: \"{}\"\n", "\u{202e}".repeat(300_000)),
        many(&|_| "--- {kind: Tenant}\n".to_owned()),
        "[".repeat(1_000_000),
        "- ".repeat(500_000),
        "a: &a [x]\nb: [".to_owned() + &"*a,".repeat(300_000),
    ];
    for (number, text) in texts.into_iter().enumerate() {
        let sources = [Source::new("hostile.yaml", text)];
        let started = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap();
        let reading = read(&sources, Catalog::built_in());
        let rendered = render_diagnostics(&reading.diagnostics, &sources, false);
        let took = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap() - started;
        println!("{number}: {} diagnostics, {took:?}", reading.diagnostics.len());
        assert!(reading.set.is_none() && rendered.len() < 1_000_000, "{number}");
        assert!(took < std::time::Duration::from_secs(60), "{number} took {took:?}");
    }
}
