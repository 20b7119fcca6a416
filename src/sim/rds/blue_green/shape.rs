//! A blue/green deployment as XML.

use super::deployment::{Deployment, Status};
use crate::sim::rds::shape::tag_list;
use crate::sim::wire::xml::Xml;

/// Writes the content of a `BlueGreenDeployment` element.
pub(super) fn deployment(deployment: &Deployment, xml: &mut Xml) {
    xml.text("BlueGreenDeploymentIdentifier", &deployment.id);
    xml.text("BlueGreenDeploymentName", &deployment.name);
    xml.text("Source", &deployment.source);
    xml.optional("Target", deployment.target.as_ref());
    xml.nest("SwitchoverDetails", |xml| {
        xml.nest("member", |xml| {
            xml.text("SourceMember", &deployment.source);
            xml.optional("TargetMember", deployment.target.as_ref());
            xml.text("Status", member_status(deployment.status).name());
        });
    });
    xml.nest("Tasks", |xml| {
        for (name, status) in &deployment.tasks {
            xml.nest("member", |xml| {
                xml.text("Name", name);
                xml.text("Status", status.name());
            });
        }
    });
    xml.text("Status", deployment.status.name());
    xml.optional("StatusDetails", deployment.status_details.as_ref());
    xml.instant("CreateTime", deployment.created);
    tag_list(&deployment.tags, xml);
}

/// The status of the one pair of members.
fn member_status(of: Status) -> Status {
    if of == Status::Deleting { Status::Available } else { of }
}
