"""Old names of options work for one release, with a warning that names the new one."""

import pytest

from pottsfold.commands.renamed import with_new_names


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (["fit", "a", "--min-span", "0.5"], ["fit", "a", "--min-coverage", "0.5"]),
        (["fit", "a", "--min-span=0.5"], ["fit", "a", "--min-coverage=0.5"]),
        (["fit", "a", "--drop-duplicate"], ["fit", "a", "--drop-duplicates"]),
        (["fit", "a", "--lambda", "custom"], ["fit", "a", "--lambda", "default"]),
        (["fit", "a", "--lambda=custom"], ["fit", "a", "--lambda=default"]),
        (["score", "m", "l", "--no-resume"], ["score", "m", "l"]),
    ],
)
def test_old_names_become_new_ones_with_a_warning(old, new):
    with pytest.warns(FutureWarning, match="will go in the next release"):
        assert with_new_names(old) == new


@pytest.mark.parametrize(
    "words", [[], ["info", "--min-span"], ["fit", "custom", "--focus", "custom"]]
)
def test_other_words_stay_as_they_are(words):
    assert with_new_names(words) == words
