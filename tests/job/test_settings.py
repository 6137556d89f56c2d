import numpy as np
import pytest

from rumpattern.input.formats import Form
from rumpattern.job.settings import Settings


@pytest.mark.parametrize("period", [60, 60.0, np.int64(60)])
def test_a_whole_number_of_any_type_is_pythons_own(period):
    settings = Settings(period, max_series=np.int32(5))
    assert settings == Settings(60, max_series=5)
    assert type(settings.period) is type(settings.max_series) is int


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"period": "60"}, "period is a whole number, not '60'"),
        ({"period": None}, "period is a whole number, not None"),
        ({"period": 60.5}, "period is a whole number, not 60.5"),
        ({"period": 7}, "a period is 1, 5, 10, 20, 30 or a multiple of 60"),
        ({"max_line": 0}, "max_line is at least 1, not 0"),
        ({"application_name": 5}, "application_name is text, not 5"),
        ({"application_name": ""}, "CloudWatch refuses '' as a dimension value: dimension_empty"),
    ],
)
def test_what_cannot_be_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        Settings(**options)


def test_settings_survive_json():
    settings = Settings(300, "shop", Form.NDJSON, max_line=9)
    assert Settings.from_json(settings.to_json()) == settings
