//! Building a step: what it is about first, what it does last.

use crate::context::{ConnectorContext, TenantContext};
use crate::guid::Guid;
use crate::kind::Kind;
use crate::name::{ConnectorName, TenantName};
use crate::step::{Action, Class, Digest, FieldChange, Phase, Step, Verb};

/// A step that lacks its action yet.
#[derive(Debug)]
pub struct StepBuilder {
    tenant: TenantName,
    tenant_id: Guid,
    connector: Option<ConnectorName>,
    kind: Kind,
    verb: Verb,
    key: String,
    phase: Phase,
    class: Class,
    summary: String,
    reason: String,
    changes: Vec<FieldChange>,
    before: Digest,
    after: Digest,
    needs_settled: bool,
}

impl TenantContext<'_> {
    /// Begins a step of the whole tenant.
    pub fn step(&self, kind: Kind, verb: Verb, key: impl Into<String>) -> StepBuilder {
        StepBuilder {
            tenant: self.tenant.name.clone(),
            tenant_id: self.tenant.tenant_id,
            connector: None,
            kind,
            verb,
            key: key.into(),
            phase: Phase::Write,
            class: Class::Change,
            summary: String::new(),
            reason: String::new(),
            changes: Vec::new(),
            before: Digest::absent(),
            after: Digest::absent(),
            needs_settled: false,
        }
    }
}

impl ConnectorContext<'_> {
    /// Begins a step of one connector.
    pub fn step(&self, kind: Kind, verb: Verb, key: impl Into<String>) -> StepBuilder {
        let mut builder = self.tenant.step(kind, verb, key);
        builder.connector = Some(self.want.id.connector.clone());
        builder
    }
}

impl StepBuilder {
    /// When it runs; the write phase where nothing is said.
    pub fn phase(mut self, phase: Phase) -> Self {
        self.phase = phase;
        self
    }

    /// How much trust it needs; a change where nothing is said.
    pub fn class(mut self, class: Class) -> Self {
        self.class = class;
        self
    }

    /// One line for people.
    pub fn summary(mut self, summary: impl Into<String>) -> Self {
        self.summary = summary.into();
        self
    }

    /// Why.
    pub fn reason(mut self, reason: impl Into<String>) -> Self {
        self.reason = reason.into();
        self
    }

    /// The fields, before and after; the digests follow from them.
    pub fn changes(mut self, changes: Vec<FieldChange>) -> Self {
        let before: Vec<_> = changes.iter().map(|change| (change.field, &change.before)).collect();
        let after: Vec<_> = changes.iter().map(|change| (change.field, &change.after)).collect();
        self.before = Digest::of(&before);
        self.after = Digest::of(&after);
        self.changes = changes;
        self
    }

    /// The digests, where the fields do not say it all.
    pub fn digests(mut self, before: Digest, after: Digest) -> Self {
        self.before = before;
        self.after = after;
        self
    }

    /// The step rests on something not being there: a settled reading comes before it.
    pub fn needs_settled(mut self) -> Self {
        self.needs_settled = true;
        self
    }

    /// What the applier does: the step is complete.
    pub fn action(self, action: Action) -> Step {
        Step {
            tenant: self.tenant,
            tenant_id: self.tenant_id,
            connector: self.connector,
            phase: self.phase,
            kind: self.kind,
            key: self.key,
            verb: self.verb,
            class: self.class,
            summary: self.summary,
            changes: self.changes,
            reason: self.reason,
            action,
            before: self.before,
            after: self.after,
            needs_settled: self.needs_settled || self.class == Class::Destructive,
        }
    }
}
