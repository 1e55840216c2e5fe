//! What exists: regions, zones, networks, images, accounts, quotas, disk pools and their claims.
