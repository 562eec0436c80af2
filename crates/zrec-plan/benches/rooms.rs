//! What the rooms cost: text to desired, desired to plan, plan to report, by number of connectors.
//!
//! `cargo bench --package zrec-plan`. The cost of one connector should not grow with their number.
#![allow(clippy::unwrap_used, missing_docs, reason = "a benchmark fails by panicking")]

use std::collections::BTreeMap;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use time::{Date, Month};
use zrec_plan::catalog::{App, Catalog};
use zrec_plan::desired::Desired;
use zrec_plan::manifest::{self, Source};
use zrec_plan::observed::{Caller, Observed, ObservedConnector, ObservedTenant, Seen};
use zrec_plan::plan::plan;
use zrec_plan::render::{self, Style};
use zrec_plan::safety::Limits;

/// So many connectors, seven to a tenant, one file each.
fn sources(connectors: usize) -> Vec<Source> {
    let head = "apiVersion: connectors.zrec/v1\nkind: ";
    let mut sources = Vec::new();
    for number in 0..connectors {
        let (tenant, app) = (number / 7, App::ALL[number % 7]);
        if number % 7 == 0 {
            let text = format!(
                "{head}Tenant\nmetadata: {{ name: tenant-{tenant} }}\nspec:\n  tenantId: 3f0a9c52-6f0e-4c0b-9a55-{tenant:012}\n  consent: grant\n  zscaler: {{ console: \"https://console.zscaler.com\" }}\n"
            );
            sources.push(Source::new(format!("tenants/{tenant}.yaml"), text));
        }
        let text = format!(
            "{head}Connector\nmetadata: {{ name: c-{number} }}\nspec: {{ app: {app}, tenants: [tenant-{tenant}] }}\n"
        );
        sources.push(Source::new(format!("connectors/{number}.yaml"), text));
    }
    sources
}

fn desired(sources: &[Source]) -> Desired {
    let reading = manifest::read(sources, Catalog::built_in());
    let set = reading.set.unwrap_or_else(|| panic!("{:?}", reading.diagnostics.first()));
    let today = Date::from_calendar_date(2026, Month::November, 23).unwrap();
    manifest::desire(&set, Catalog::built_in(), today)
}

fn nothing_there(desired: &Desired) -> Observed {
    let caller = Caller {
        object_id: "ca11e400-0000-4000-8000-000000000001".parse().unwrap(),
        app_id: None,
        roles: ["Application.ReadWrite.All".to_owned()].into(),
    };
    let tenant = ObservedTenant {
        login: "https://login.microsoftonline.com".to_owned(),
        caller: Seen::Present(caller),
        resource_principals: BTreeMap::new(),
        app_management_policy: Seen::Absent,
        set_applications: None,
        clock_skew_seconds: Some(0),
        server_time: None,
    };
    Observed {
        tenants: desired.tenants.keys().map(|name| (name.clone(), tenant.clone())).collect(),
        connectors: desired
            .connectors
            .keys()
            .map(|id| (id.clone(), ObservedConnector::absent()))
            .collect(),
    }
}

fn rooms(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("rooms");
    group.sample_size(10);
    for connectors in [10, 1_000, 10_000] {
        group.throughput(Throughput::Elements(connectors as u64));
        let sources = sources(connectors);
        group.bench_with_input(
            BenchmarkId::new("text_to_desired", connectors),
            &sources,
            |b, s| {
                b.iter(|| desired(s));
            },
        );
        let desired = desired(&sources);
        let observed = nothing_there(&desired);
        let limits = Limits::default();
        group.bench_function(BenchmarkId::new("desired_to_plan", connectors), |b| {
            b.iter(|| plan(&desired, &observed, Catalog::built_in(), &limits));
        });
        let plan = plan(&desired, &observed, Catalog::built_in(), &limits);
        group.bench_function(BenchmarkId::new("plan_to_text", connectors), |b| {
            b.iter(|| render::text(&plan, Style::default()));
        });
        group.bench_function(BenchmarkId::new("plan_to_markdown", connectors), |b| {
            b.iter(|| render::markdown(&plan));
        });
    }
    group.finish();
}

criterion_group!(benches, rooms);
criterion_main!(benches);
