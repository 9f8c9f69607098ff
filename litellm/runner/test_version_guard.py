import unittest

from runner.version_guard import RefusedVersion, check_version, load_versions

VERSIONS = load_versions()


class VersionGuardTest(unittest.TestCase):
    def test_lets_a_reviewed_version_pass(self) -> None:
        check_version("1.103.1", "", VERSIONS)

    def test_refuses_compromised_versions_and_says_why(self) -> None:
        for version in ("1.82.7", "1.82.8", "1.107.0", "1.107.0rc1", "1.107.3", "1.200.0", "2.0.0", "2"):
            with self.subTest(version), self.assertRaisesRegex(RefusedVersion, f"{version} is refused: .*compromised"):
                check_version(version, "", VERSIONS)

    def test_no_override_opens_a_refused_version(self) -> None:
        with self.assertRaises(RefusedVersion):
            check_version("1.82.8", "1.82.8", VERSIONS)

    def test_a_version_that_nobody_reviewed_needs_exactly_its_own_override(self) -> None:
        for allowed in ("", "1.103.1", "1", "true"):
            with self.subTest(allowed), self.assertRaisesRegex(RefusedVersion, "has not been reviewed.*SIGNALBOX_ALLOW_LITELLM_VERSION=1.82.9"):
                check_version("1.82.9", allowed, VERSIONS)
        check_version("1.82.9", "1.82.9", VERSIONS)

    def test_refuses_what_is_no_version(self) -> None:
        with self.assertRaises(RefusedVersion):
            check_version("main", "main", VERSIONS)


if __name__ == "__main__":
    unittest.main()
