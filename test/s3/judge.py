"""What another S3 client sees: judge.py PORT; one JSON object on stdout."""
import base64
import json
import sys

import boto3

client = boto3.client("s3", endpoint_url=f"http://127.0.0.1:{sys.argv[1]}", region_name="us-east-1",
                      aws_access_key_id="S3RVER", aws_secret_access_key="S3RVER")
seen = {}
for bucket in (b["Name"] for b in client.list_buckets()["Buckets"]):
    for item in client.list_objects_v2(Bucket=bucket).get("Contents", []):
        try:
            got = client.get_object(Bucket=bucket, Key=item["Key"])
        except client.exceptions.NoSuchKey:  # deleted since the list was made
            continue
        seen[f"{bucket}/{item['Key']}"] = {
            "type": got["ContentType"], "bytes": base64.b64encode(got["Body"].read()).decode()}
print(json.dumps(seen))
