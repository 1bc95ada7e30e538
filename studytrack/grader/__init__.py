"""Running and judging submissions.

Three processes: the judge (trusted; references, comparison, diagnosis), the zygote (torch
imported, nothing secret) and one runner per attempt (the submission, one question at a time).
Front ends import `grader.client` only; every other module here may import torch.
"""
