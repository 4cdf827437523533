//! YAML text -> compiled definitions, with diagnostics.
