"""placeholder until the next commit"""
from litellm.integrations.custom_logger import CustomLogger
class AttemptReporter(CustomLogger):
    pass
attempt_reporter = AttemptReporter()
