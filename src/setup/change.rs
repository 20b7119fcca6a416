//! One thing at AWS beside what the policy wants of it: one shape for alarms and for what is registered for readers.

use serde::Serialize;

use crate::model::database::DatabaseName;

/// One thing, and what is to be done about it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Item<W> {
    /// What it is called at AWS.
    pub name: String,
    /// Of which database.
    pub database: DatabaseName,
    /// What is to be done.
    #[serde(flatten)]
    pub change: Change<W>,
}

/// What is to be done about a thing; `W` is how it shall be.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "change")]
pub enum Change<W> {
    /// There is none of its name.
    Create {
        /// How it shall be.
        wanted: W,
    },
    /// It is ours and another than it shall be.
    Update {
        /// How it shall be.
        wanted: W,
        /// What differs.
        fields: Vec<Field>,
    },
    /// It is ours and shall go.
    Delete {
        /// Because of this.
        why: &'static str,
    },
    /// It is as it shall be.
    InSync,
    /// It is somebody else's and stays as it is.
    NotOurs {
        /// What is known of it.
        why: String,
    },
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Field {
    /// What differs.
    pub field: &'static str,
    /// What it is.
    pub old: String,
    /// What it shall be.
    pub new: String,
}

impl<W> Item<W> {
    /// Something has to be done.
    pub fn is_due(&self) -> bool {
        matches!(self.change, Change::Create { .. } | Change::Update { .. } | Change::Delete { .. })
    }

    /// The word for what is to be done.
    pub fn verb(&self) -> &'static str {
        match self.change {
            Change::Create { .. } => "create",
            Change::Update { .. } => "change",
            Change::Delete { .. } => "delete",
            Change::InSync => "in sync",
            Change::NotOurs { .. } => "not ours",
        }
    }
}

impl<W> Change<W> {
    /// What is to be done about something that is ours: nothing, where nothing differs.
    pub fn of(wanted: W, fields: Vec<Field>) -> Self {
        if fields.is_empty() { Self::InSync } else { Self::Update { wanted, fields } }
    }
}
