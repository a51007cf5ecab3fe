//! The mutations, each handed to the file of its subject.

use conman_sdk::prelude::*;

use super::{departments, entries, roles, rules, shifts, sign_up, volunteers};
use crate::CoreVolunteer;
use crate::rules::entry::Step;
use crate::schema::*;

impl MutationResolvers for CoreVolunteer {
    fn create_department(ctx: &Context, args: MutationCreateDepartmentArgs) -> Result<Department> {
        departments::create(ctx, args.input)
    }

    fn update_department(ctx: &Context, args: MutationUpdateDepartmentArgs) -> Result<Department> {
        departments::update(ctx, &args.id, args.patch)
    }

    fn delete_department(ctx: &Context, args: MutationDeleteDepartmentArgs) -> Result<bool> {
        departments::delete(ctx, &args.id)
    }

    fn appoint_head(ctx: &Context, args: MutationAppointHeadArgs) -> Result<Department> {
        departments::appoint(ctx, &args.department, &args.account)
    }

    fn dismiss_head(ctx: &Context, args: MutationDismissHeadArgs) -> Result<Department> {
        departments::dismiss(ctx, &args.department, &args.account)
    }

    fn create_volunteer_role(ctx: &Context, args: MutationCreateVolunteerRoleArgs) -> Result<VolunteerRole> {
        roles::create(ctx, args.input)
    }

    fn update_volunteer_role(ctx: &Context, args: MutationUpdateVolunteerRoleArgs) -> Result<VolunteerRole> {
        roles::update(ctx, &args.id, args.patch)
    }

    fn delete_volunteer_role(ctx: &Context, args: MutationDeleteVolunteerRoleArgs) -> Result<bool> {
        roles::delete(ctx, &args.id)
    }

    fn create_shift(ctx: &Context, args: MutationCreateShiftArgs) -> Result<Shift> {
        let shifts = shifts::create(ctx, vec![args.input], "/input")?;
        shifts.into_iter().next().ok_or_else(|| Error::internal("one shift was made and none answered"))
    }

    fn create_shifts(ctx: &Context, args: MutationCreateShiftsArgs) -> Result<Vec<Shift>> {
        shifts::create(ctx, args.inputs, "/inputs")
    }

    fn update_shift(ctx: &Context, args: MutationUpdateShiftArgs) -> Result<Shift> {
        shifts::update(ctx, &args.id, args.patch)
    }

    fn cancel_shift(ctx: &Context, args: MutationCancelShiftArgs) -> Result<Shift> {
        shifts::cancel(ctx, &args.id)
    }

    fn reinstate_shift(ctx: &Context, args: MutationReinstateShiftArgs) -> Result<Shift> {
        shifts::reinstate(ctx, &args.id)
    }

    fn delete_shift(ctx: &Context, args: MutationDeleteShiftArgs) -> Result<bool> {
        shifts::delete(ctx, &args.id)
    }

    fn sign_up(ctx: &Context, args: MutationSignUpArgs) -> Result<ShiftEntry> {
        sign_up::sign_up(ctx, args)
    }

    fn withdraw(ctx: &Context, args: MutationWithdrawArgs) -> Result<Shift> {
        sign_up::withdraw(ctx, &args.entry)
    }

    fn set_my_availability(ctx: &Context, args: MutationSetMyAvailabilityArgs) -> Result<Volunteer> {
        volunteers::set_availability(ctx, &args.spans)
    }

    fn ask_for_qualification(ctx: &Context, args: MutationAskForQualificationArgs) -> Result<Volunteer> {
        volunteers::ask_for_qualification(ctx, &args.role)
    }

    fn arrive(ctx: &Context, args: MutationArriveArgs) -> Result<Volunteer> {
        volunteers::arrive(ctx, &args.account, args.arrived)
    }

    fn check_in_entry(ctx: &Context, args: MutationCheckInEntryArgs) -> Result<ShiftEntry> {
        entries::step(ctx, &args.entry, Step::CheckIn)
    }

    fn complete_entry(ctx: &Context, args: MutationCompleteEntryArgs) -> Result<ShiftEntry> {
        entries::step(ctx, &args.entry, Step::Complete)
    }

    fn abandon_entry(ctx: &Context, args: MutationAbandonEntryArgs) -> Result<ShiftEntry> {
        entries::step(ctx, &args.entry, Step::Abandon)
    }

    fn mark_no_show(ctx: &Context, args: MutationMarkNoShowArgs) -> Result<ShiftEntry> {
        entries::step(ctx, &args.entry, Step::MarkNoShow)
    }

    fn reopen_entry(ctx: &Context, args: MutationReopenEntryArgs) -> Result<ShiftEntry> {
        entries::step(ctx, &args.entry, Step::Reopen)
    }

    fn rate_entry(ctx: &Context, args: MutationRateEntryArgs) -> Result<ShiftEntry> {
        entries::rate(ctx, &args.entry, args.rating, &args.comment)
    }

    fn dismiss_flag(ctx: &Context, args: MutationDismissFlagArgs) -> Result<ShiftEntry> {
        entries::dismiss_flag(ctx, &args.entry)
    }

    fn confirm_qualification(ctx: &Context, args: MutationConfirmQualificationArgs) -> Result<Volunteer> {
        volunteers::confirm_qualification(ctx, &args.account, &args.role, args.confirmed)
    }

    fn confirm_licence(ctx: &Context, args: MutationConfirmLicenceArgs) -> Result<Volunteer> {
        volunteers::confirm_licence(ctx, &args.account, &args.licence, args.confirmed)
    }

    fn confirm_adult(ctx: &Context, args: MutationConfirmAdultArgs) -> Result<Volunteer> {
        volunteers::confirm_adult(ctx, &args.account, args.confirmed)
    }

    fn unlock_volunteer(ctx: &Context, args: MutationUnlockVolunteerArgs) -> Result<Volunteer> {
        volunteers::unlock(ctx, &args.account)
    }

    fn add_worklog(ctx: &Context, args: MutationAddWorklogArgs) -> Result<WorklogLine> {
        volunteers::add_worklog(ctx, args.input)
    }

    fn remove_worklog(ctx: &Context, args: MutationRemoveWorklogArgs) -> Result<bool> {
        volunteers::remove_worklog(ctx, &args.id)
    }

    fn hand_out_reward(ctx: &Context, args: MutationHandOutRewardArgs) -> Result<VolunteerHours> {
        volunteers::hand_out_reward(ctx, &args.account, &args.reward)
    }

    fn create_shift_rule(ctx: &Context, args: MutationCreateShiftRuleArgs) -> Result<ShiftRule> {
        rules::create(ctx, args.input)
    }

    fn update_shift_rule(ctx: &Context, args: MutationUpdateShiftRuleArgs) -> Result<ShiftRule> {
        rules::update(ctx, &args.id, args.patch)
    }

    fn delete_shift_rule(ctx: &Context, args: MutationDeleteShiftRuleArgs) -> Result<bool> {
        rules::delete(ctx, &args.id)
    }

    fn apply_shift_rules(ctx: &Context, args: MutationApplyShiftRulesArgs) -> Result<ShiftRuleReport> {
        rules::apply(ctx, args.rule.as_deref())
    }

    fn remember_sessions(ctx: &Context, args: MutationRememberSessionsArgs) -> Result<ShiftRuleReport> {
        rules::remember_sessions(ctx, args.sessions)
    }
}
