"""Signs an address anew as botocore would and prints its signature: resign.py SIGNED-URL. s3rver looks at none."""
import datetime
import sys
import types
from urllib.parse import parse_qs, urlsplit

import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

parts = urlsplit(sys.argv[1])
query = {name: values[0] for name, values in parse_qs(parts.query).items()}


class Then(datetime.datetime):
    @classmethod
    def utcnow(cls):
        return cls.strptime(query["X-Amz-Date"], "%Y%m%dT%H%M%SZ")


botocore.auth.datetime = types.SimpleNamespace(datetime=Then)
region = query["X-Amz-Credential"].split("/")[2]
auth = botocore.auth.S3SigV4QueryAuth(Credentials("S3RVER", "S3RVER"), "s3", region, int(query["X-Amz-Expires"]))
request = AWSRequest("GET", f"{parts.scheme}://{parts.netloc}{parts.path}")
auth.add_auth(request)
print(parse_qs(urlsplit(request.url).query)["X-Amz-Signature"][0], end="")
