"""Fieldnote, the demo product: an application for plumbers, electricians and lift mechanics, with planted truth."""

from __future__ import annotations

from vitalfew.simulate.plan import Claim, Company, Decision, FeatureUse, Forecaster, Idea, InfluenceLink, Rater, Trial

_FEATURES = (
    FeatureUse("job_list", 0.90, 0.30),
    FeatureUse("job_sheet", 0.82, 0.28),
    FeatureUse("day_plan", 0.64, 0.24),
    FeatureUse("photo_notes", 0.58, 0.09),
    FeatureUse("offline_forms", 0.57, 0.10, since=252),
    FeatureUse("customer_history", 0.50, 0.08),
    FeatureUse("quick_invoice", 0.46, 0.08),
    FeatureUse("signature", 0.43, 0.08),
    FeatureUse("time_sheets", 0.42, 0.09),
    FeatureUse("on_my_way_text", 0.38, 0.08),
    FeatureUse("parts_lookup", 0.35, 0.08),
    FeatureUse("checklists", 0.33, 0.08),
    FeatureUse("calendar_sync", 0.30, 0.09),
    FeatureUse("team_board", 0.30, 0.24),
    FeatureUse("price_book", 0.27, 0.09),
    FeatureUse("quote_builder", 0.24, 0.10),
    FeatureUse("van_stock", 0.62, 0.40, segment="enterprise", since=357),
    FeatureUse("year_end_report", 0.40, 0.60, "yearly", since=243, until=278),
    FeatureUse("printed_job_card", 0.20, 0.0, "not_measured"),
    FeatureUse("voice_notes", 0.03, 0.60, "just_shipped", since=541),
    FeatureUse("export_wizard", 0.030, 0.10, "hardly_used"),
    FeatureUse("assistant", 0.026, 0.12, "hardly_used", since=497),
    FeatureUse("custom_dashboards", 0.016, 0.10, "hardly_used", since=266),
    FeatureUse("badges", 0.030, 0.15, "hardly_used", since=196),
    FeatureUse("team_feed", 0.022, 0.12, "hardly_used", since=476),
    FeatureUse("colour_themes", 0.024, 0.10, "hardly_used", since=217),
    FeatureUse("gantt_view", 0.019, 0.10, "hardly_used"),
    FeatureUse("weather_layer", 0.025, 0.12, "hardly_used"),
    FeatureUse("barcode_labels", 0.014, 0.15, "hardly_used"),
    FeatureUse("formula_fields", 0.008, 0.12, "hardly_used"),
    FeatureUse("fax_gateway", 0.004, 0.20, "hardly_used"),
    FeatureUse("shift_swap", 0.023, 0.10, "hardly_used"),
    FeatureUse("route_replay", 0.012, 0.10, "hardly_used"),
    FeatureUse("measure_by_camera", 0.018, 0.10, "hardly_used"),
    FeatureUse("multi_currency", 0.007, 0.15, "hardly_used"),
    FeatureUse("kiosk_mode", 0.006, 0.20, "hardly_used"),
    FeatureUse("survey_builder", 0.013, 0.10, "hardly_used"),
    FeatureUse("template_market", 0.015, 0.10, "hardly_used"),
    FeatureUse("query_console", 0.009, 0.12, "hardly_used"),
    FeatureUse("arrival_alarms", 0.021, 0.12, "hardly_used"),
)

_TRIALS = (
    # lane 0
    Trial("customer_search", 0, 0, {"planning_minutes": -0.05}, Claim("planning_minutes", -0.12)),
    Trial("smart_defaults", 0, 1, {"planning_minutes": -0.10}, Claim("planning_minutes", -0.10)),
    Trial("smaller_photos", 0, 2, {"app_errors": -0.24}, Claim("app_errors", -0.22)),
    Trial("bulk_assign", 0, 3, {"planning_minutes": -0.11}, Claim("planning_minutes", -0.16)),
    Trial("one_page_job", 0, 4, {"jobs_completed": 0.27}, Claim("jobs_completed", 0.27)),
    Trial("colour_themes", 0, 5, {}, Claim("retention_28", 0.09)),
    Trial(
        "offline_forms",
        0,
        6,
        {"app_errors": -0.35, "jobs_completed": 0.17, "first_time_fix": 0.04},
        Claim("jobs_completed", 0.18),
    ),
    Trial("price_hints", 0, 7, {}, Claim("invoiced", 0.20)),
    Trial("shift_sign_in", 0, 8, {"jobs_completed": -0.25, "invoiced": -0.06, "support_contacts": 0.12}),
    Trial(
        "van_stock",
        0,
        9,
        {"first_time_fix": 0.18, "jobs_completed": 0.30, "seats_added": 0.80},
        Claim("first_time_fix", 0.14, segment="enterprise"),
        segment="enterprise",
    ),
    Trial(
        "daily_nudges",
        0,
        10,
        {"planning_clicks": 0.45, "seats_added": 0.30, "retention_28": -0.22, "support_contacts": 0.08},
        Claim("planning_clicks", 0.45),
    ),
    Trial("traffic_times", 0, 11, {"planning_minutes": -0.08}, Claim("planning_minutes", -0.14)),
    Trial("invoice_on_site", 0, 12, {"invoiced": 0.22, "seats_added": 0.10}, Claim("invoiced", 0.24)),
    Trial(
        "assistant",
        0,
        13,
        {"jobs_completed": -0.06, "support_contacts": 0.15, "app_errors": 0.10},
        Claim("jobs_completed", 0.28),
    ),
    Trial(
        "quiet_hours", 0, 14, {"retention_28": 0.09, "support_contacts": -0.15}, Claim("retention_28", 0.08, late=True)
    ),
    # lane 1
    Trial("welcome_checklist", 1, 0, {"retention_28": 0.02}, Claim("retention_28", 0.12)),
    Trial("map_clusters", 1, 1, {}),
    Trial("part_photos", 1, 2, {"first_time_fix": 0.05}, Claim("first_time_fix", 0.09)),
    Trial("background_upload", 1, 3, {"app_errors": -0.38}, Claim("app_errors", -0.36)),
    Trial("badges", 1, 4, {"planning_clicks": 0.08}, Claim("retention_28", 0.12)),
    Trial("address_autocomplete", 1, 5, {"planning_minutes": -0.08}, Claim("planning_minutes", -0.10), treated=0.1),
    Trial("custom_dashboards", 1, 6, {}, Claim("retention_28", 0.10)),
    Trial("guided_tour", 1, 7, {"planning_clicks": 0.05}, Claim("retention_28", 0.10), loses_units=True),
    Trial("dense_schedules", 1, 8, {"jobs_completed": 0.12, "overtime_hours": 0.70}, Claim("jobs_completed", 0.14)),
    Trial("weekly_digest", 1, 9, {}, treated=0.1),
    Trial("repeat_jobs", 1, 10, {"planning_minutes": -0.13}, Claim("planning_minutes", -0.14)),
    Trial("seat_banner", 1, 11, {"seats_added": 0.20, "retention_28": -0.03}),
    Trial("team_feed", 1, 12, {}, Claim("retention_28", 0.10)),
    Trial(
        "fault_codes",
        1,
        13,
        {"first_time_fix": {"solo": 0.05, "mid": 0.09, "enterprise": 0.09}, "jobs_completed": 0.05},
        Claim("first_time_fix", 0.08),
    ),
    Trial("early_first_stop", 1, 14, {"jobs_completed": 0.06, "overtime_hours": 0.45}),
)

_LINKS = (
    InfluenceLink("planning_minutes", "jobs_completed", -0.15),
    InfluenceLink("jobs_completed", "seats_added", 0.05),
    InfluenceLink("app_errors", "support_contacts", 0.25),
    InfluenceLink("support_contacts", "retention_28", -0.20),
)

_FORECASTERS = (
    Forecaster("founder", trust=1.30, width=0.30, noise=0.05, doubt=0.02),
    Forecaster("head of product", trust=1.10, width=0.35, noise=0.06, doubt=0.05),
    Forecaster("product manager growth", trust=1.00, width=0.40, noise=0.08, doubt=0.05),
    Forecaster("field researcher", trust=0.10, width=0.55, noise=0.06, doubt=0.30),
    Forecaster("lead engineer", trust=0.95, width=0.30, noise=0.08, doubt=0.10),
)


def _points(jobs: int, minutes: int, fix: int, back: int, contacts: int, seats: int) -> dict[str, float]:
    return {
        "jobs_completed": jobs,
        "planning_minutes": minutes,
        "first_time_fix": fix,
        "retention_28": back,
        "support_contacts": contacts,
        "seats_added": seats,
    }


_RATERS = (
    Rater("founder", "leadership", _points(60, 30, 30, 70, 10, 100)),
    Rater("head of sales", "leadership", _points(70, 30, 40, 80, 10, 100)),
    Rater("head of product", "product", _points(100, 50, 50, 90, 20, 60)),
    Rater("product manager growth", "product", _points(90, 60, 40, 100, 20, 50)),
    Rater("field researcher", "product", _points(100, 60, 80, 80, 30, 40)),
    Rater("lead engineer", "engineering", _points(80, 50, 60, 100, 40, 40)),
    Rater("engineer", "engineering", _points(90, 40, 70, 100, 50, 30)),
    Rater("support lead", "support", _points(60, 40, 80, 70, 100, 20)),
    Rater("support agent", "support", _points(70, 50, 90, 80, 100, 10)),
    Rater("owner of a plumbing firm", "customers", _points(80, 70, 100, 30, 40, 5)),
    Rater("dispatcher in Lyon", "customers", _points(100, 80, 90, 20, 40, 0)),
    Rater("lift mechanic", "customers", _points(70, 60, 100, 30, 50, 5)),
    Rater("dispatcher in Ghent", "customers", _points(90, 100, 80, 20, 30, 5)),
    Rater("depot manager", "customers", _points(80, 50, 100, 40, 60, 0)),
)

_IDEAS = (
    Idea("route_suggestions_minutes", -8.0, -5.0, -2.0, 0.15),
    Idea("van_stock_transfers_fix", 0.02, 0.06, 0.10, 0.20, locked=True),
    Idea("customer_slots_jobs", 0.05, 0.25, 0.60, 0.25),
    Idea("remove_export_wizard_errors", -0.08, -0.03, 0.0, 0.30),
    Idea("crash_hunt_errors", -0.30, -0.18, -0.08, 0.05, locked=True),
    Idea("large_account_sign_on_seats", 0.00, 0.04, 0.12, 0.35),
    Idea("quote_from_photo_jobs", 0.10, 0.50, 1.20, 0.40),
    Idea("parts_forecast_fix", 0.00, 0.02, 0.05, 0.30),
)

_DECISIONS = (
    Decision(
        "daily_nudges",
        358,
        "product manager growth",
        what="Nudges go out to everybody.",
        evidence="The experiment shows many more clicks on the plan and more seats added.",
        counter="Fewer users came back in week four.",
        against="do not ship",
    ),
    Decision(
        "assistant",
        498,
        "founder",
        what="The assistant ships to all customers before the trade fair.",
        evidence="Everybody at the fair asked for it.",
        counter="In the experiment fewer jobs were completed, not more.",
        against="do not ship",
    ),
    Decision(
        "weekly_digest",
        343,
        "head of product",
        what="The digest is not built further.",
        evidence="The experiment shows no change in any number we watch.",
        counter="It was shown to a tenth of the users only.",
    ),
)

_STORY: dict[str, dict[str, object]] = {
    "pet_idea": {"initiative": "assistant", "experiment": "assistant", "metric": "jobs_completed"},
    "clicks_up_retention_down": {
        "initiative": "daily_nudges",
        "experiment": "daily_nudges",
        "up": "planning_clicks",
        "down": "retention_28",
    },
    "undone": {"gain": "one_page_job", "title": "One-page job sheet", "by": "shift_sign_in"},
    "loud_request": {"initiative": "custom_dashboards", "feature": "custom_dashboards", "requests": 61, "accounts": 9},
    "quiet_need": {"need": "parts_in_vans", "initiative": "van_stock", "segment": "enterprise", "feedback": 3},
    "guardrail_breached": {"initiative": "dense_schedules", "metric": "overtime_hours", "stakeholder": "technicians"},
    "sample_ratio": {"experiment": "guided_tour"},
    "output_as_key_result": {"objective": "connected_office", "key_result": "ten_connections"},
    "serves_nothing": {"initiative": "launcher_icon"},
    "assumed_cause": {"need": "late_invoices", "initiative": "bookkeeping_link"},
    "need_without_business": {"need": "list_on_the_wall"},
    "goal_without_need": {"objective": "busy_screens"},
    "request_without_need": {"initiative": "custom_dashboards"},
    "too_many_factors": {"factors": 6},
    "good_forecaster": {"person": "field researcher"},
}

FIELDNOTE = Company("fieldnote", _FEATURES, _TRIALS, _LINKS, _FORECASTERS, _RATERS, _IDEAS, _DECISIONS, _STORY)
"""The demo product."""
