//! A plan in the making: steps, findings and hand-offs as the kinds add them.

use crate::code::Code;
use crate::desired::DesiredTenant;
use crate::finding::{Effect, Finding};
use crate::hand_off::HandOff;
use crate::name::ConnectorId;
use crate::step::Step;

/// A plan in the making.
#[derive(Debug, Default)]
pub struct Draft {
    /// Steps, in no order yet.
    pub steps: Vec<Step>,
    /// Findings, in no order yet.
    pub findings: Vec<Finding>,
    /// Hand-offs, in no order yet.
    pub hand_offs: Vec<HandOff>,
}

impl Draft {
    /// Adds a finding about a connector.
    pub fn finding(
        &mut self,
        id: &ConnectorId,
        code: Code,
        effect: Effect,
        message: String,
        hint: impl Into<String>,
    ) {
        self.findings.push(Finding {
            effect,
            code,
            tenant: Some(id.tenant.clone()),
            connector: Some(id.connector.clone()),
            message,
            hint: hint.into(),
        });
    }

    /// Adds a finding about a whole tenant.
    pub fn tenant_finding(
        &mut self,
        tenant: &DesiredTenant,
        code: Code,
        effect: Effect,
        message: String,
        hint: impl Into<String>,
    ) {
        self.findings.push(Finding {
            effect,
            code,
            tenant: Some(tenant.name.clone()),
            connector: None,
            message,
            hint: hint.into(),
        });
    }
}
