//! The funds of accounts: what bills are paid from, and what the gate asks for (R136, R139).

use super::World;
use crate::model::{AccountIx, Money};

/// A balance that no run can spend.
const ENDLESS: i64 = i64::MAX;

impl World {
    /// Cash and credit of an account; none when they never end.
    pub fn funds(&self, account: AccountIx) -> Option<Money> {
        let row = self.accounts.get(account.0)?;
        if row.balance == ENDLESS || row.credit_line == ENDLESS {
            return None;
        }
        Some(Money(i64::try_from(row.funds()).unwrap_or(ENDLESS)))
    }

    /// Cash of an account, below zero when credit is used; none when it never ends.
    pub fn balance(&self, account: AccountIx) -> Option<Money> {
        let row = self.accounts.get(account.0)?;
        (row.balance != ENDLESS).then_some(Money(row.balance))
    }

    /// Coupons that an account has left (R137).
    pub fn coupons(&self, account: AccountIx) -> Money {
        self.accounts.get(account.0).map_or(Money::ZERO, |row| Money(row.coupons))
    }

    /// Takes money from an account, whatever it has. An endless balance stays endless.
    pub fn debit(&mut self, account: AccountIx, amount: Money) {
        if let Some(row) = self.accounts.get_mut(account.0)
            && row.balance != ENDLESS
        {
            row.balance = row.balance.saturating_sub(amount.0);
        }
    }

    /// Pays money into an account.
    pub fn pay_in(&mut self, account: AccountIx, amount: Money) {
        if let Some(row) = self.accounts.get_mut(account.0)
            && row.balance != ENDLESS
        {
            row.balance = row.balance.saturating_add(amount.0).min(ENDLESS - 1);
        }
    }

    /// Sets whether an account has overdue bills, which refuses its creations.
    pub fn set_arrears(&mut self, account: AccountIx, overdue: bool) {
        if let Some(row) = self.accounts.get_mut(account.0) {
            row.arrears = overdue;
        }
    }
}
