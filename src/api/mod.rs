//! Requests and responses as on the wire: parameters, error table, JSON and XML.
